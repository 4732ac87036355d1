//! The two families of addresses, IPv4 and IPv6, of which we listen at one or both.
use std::net::{IpAddr, SocketAddr};

/// What there is for each family that we listen at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Families<T> {
    v4: Option<T>,
    v6: Option<T>,
}

impl<T> Default for Families<T> {
    /// For neither family.
    fn default() -> Self {
        Self { v4: None, v6: None }
    }
}

impl<T> Families<T> {
    /// For IPv6, or for IPv4.
    pub(crate) fn get(&self, is_v6: bool) -> Option<&T> {
        if is_v6 {
            self.v6.as_ref()
        } else {
            self.v4.as_ref()
        }
    }

    /// For the family of this address.
    pub(crate) fn of(&self, address: IpAddr) -> Option<&T> {
        self.get(address.is_ipv6())
    }

    /// For the family of this address, else for the other.
    pub(crate) fn take(self, address: IpAddr) -> Option<T> {
        if address.is_ipv4() {
            self.v4.or(self.v6)
        } else {
            self.v6.or(self.v4)
        }
    }

    /// What there is.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.v4.iter().chain(&self.v6)
    }

    /// The same families with something else.
    pub(crate) fn map<U>(&self, mut made: impl FnMut(&T) -> U) -> Families<U> {
        Families {
            v4: self.v4.as_ref().map(&mut made),
            v6: self.v6.as_ref().map(&mut made),
        }
    }
}

impl<T> FromIterator<(SocketAddr, T)> for Families<T> {
    /// Each goes to the family of its address; the last of one stays.
    fn from_iter<I: IntoIterator<Item = (SocketAddr, T)>>(all: I) -> Self {
        let mut families = Self::default();
        for (address, of) in all {
            let place = match address {
                SocketAddr::V4(_) => &mut families.v4,
                SocketAddr::V6(_) => &mut families.v6,
            };
            *place = Some(of);
        }
        families
    }
}
