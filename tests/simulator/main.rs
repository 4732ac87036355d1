//! Ten thousand courses by chance of whole phones, and that the simulator itself can be trusted.
mod courses;
mod itself;
