//! The well-formed torture messages of RFC 4475 §3.1.1, written anew from its facts, and those of RFC 5118: each must be
//! read, and mean what the RFC says that it means.
mod common;
use common::{crlf, read};
use trialog_sip::*;

fn request(message: &Message) -> &Request {
    message.as_request().expect("it is a request")
}

#[test]
fn s3_1_1_1_wsinv_folds_spaces_and_lists_all_over() {
    let body = "v=0\r\no=mhandley 29739 7272939 IN IP4 192.0.2.3\r\ns=-\r\nc=IN IP4 192.0.2.4\r\nt=0 0\r\n\
        m=audio 49217 RTP/AVP 0 12\r\nm=video 3227 RTP/AVP 31\r\na=rtpmap:31 LPC\r\n";
    let head = crlf(
        "INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0
TO :
 sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n
from   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>
  ;
  tag = 98asjd8
MaX-fOrWaRdS: 0068
Call-ID: wsinv.ndaksdj@192.0.2.1
Content-Length   : 150
cseq: 0009
  INVITE
Via  : SIP  /   2.0
 /UDP
    192.0.2.2;branch=390skdjuw
s :
NewFangledHeader:   newfangled value
 continued newfangled value
UnknownHeaderWithUnusualValue: ;;,,;;,;
Content-Type: application/sdp
Route:
 <sip:services.example.com;lr;unknownwith=value;unknown-no-value>
v:  SIP  / 2.0  / TCP     spindle.example.com   ;
  branch  =   z9hG4bK9ikj8  ,
 SIP  /    2.0   / UDP  192.168.255.111   ; branch=
 z9hG4bK30239
m:\"Quoted string \\\"\\\"\" <sip:jdrosen@example.com> ; newparam =
      newvalue ;
  secondparam ; q = 0.33

",
    );
    assert_eq!(body.len(), 150);
    let message = read(&[head.as_bytes(), body.as_bytes()].concat());
    message.check().unwrap();
    let r = request(&message);
    assert!(r.uri.params.has("unknownparam"));
    let to = r.headers.to().unwrap().unwrap();
    assert_eq!(to.tag(), Some("1918181833n"));
    assert_eq!(to.uri.user.as_deref(), Some("vivekg"));
    let from = r.headers.from().unwrap().unwrap();
    assert_eq!(from.name().unwrap(), "J Rosenberg \\\"");
    assert_eq!(from.tag(), Some("98asjd8"));
    let Seconds(hops) = r.headers.typed(&HeaderName::MaxForwards).unwrap().unwrap();
    assert_eq!(hops, 68);
    assert_eq!(
        r.headers.cseq().unwrap().unwrap(),
        CSeq {
            number: 9,
            method: Method::Invite
        }
    );
    let vias: Vec<Via> = r
        .headers
        .all_typed(&HeaderName::Via)
        .map(Result::unwrap)
        .collect();
    let branches: Vec<_> = vias.iter().map(|via| via.branch().unwrap()).collect();
    assert_eq!(branches, ["390skdjuw", "z9hG4bK9ikj8", "z9hG4bK30239"]);
    assert_eq!(vias[1].transport, Transport::Tcp);
    assert_eq!(vias[1].host, Host::parse("spindle.example.com").unwrap());
    assert_eq!(r.headers.get(&HeaderName::Subject), Some(""));
    let odd = HeaderName::new("unknownheaderwithunusualvalue");
    assert_eq!(r.headers.get(&odd), Some(";;,,;;,;"));
    let fangled = r.headers.get(&"NewFangledHeader".into()).unwrap();
    assert_eq!(fangled, "newfangled value continued newfangled value");
    let route: NameAddr = r.headers.typed(&HeaderName::Route).unwrap().unwrap();
    assert!(route.uri.params.has("lr") && route.uri.params.has("unknown-no-value"));
    let contact = r.headers.contact().unwrap().unwrap();
    assert_eq!(contact.name().unwrap(), "Quoted string \"\"");
    assert_eq!(contact.params.get("newparam"), Some("newvalue"));
    assert_eq!(contact.params.get("secondparam"), Some(""));
    assert_eq!(contact.params.get("q"), Some("0.33"));
    assert_eq!(r.body, body.as_bytes());
}

#[test]
fn s3_1_1_2_intmeth_every_character_that_is_allowed() {
    let method = "!interesting-Method0123456789_*+`.%indeed'~";
    let user = "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*";
    let call_id = "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{";
    let message = read(crlf(&format!(
        "{method} sip:{user}:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0
Via: SIP/2.0/TCP host1.example.com;branch=z9hG4bK-.!%66*_+`'~
To: \"BEL:\\\x07 NUL:\\\0 DEL:\\\x7f\" <sip:{user}@example.com>
From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"\u{440}\u{430}\u{431}\u{43e}\u{442}\u{430}\u{44e}\u{449}\u{438}\u{439}\";tag=_token~1'+`*%!-.
Call-ID: {call_id}
CSeq: 139122385 {method}
Max-Forwards: 255
extensionHeader-!.%*+_`'~:\u{feff}\u{5927}\u{505c}\u{96fb}
Content-Length: 0

")).as_bytes());
    message.check().unwrap();
    let r = request(&message);
    assert_eq!(r.method.as_str(), method);
    assert_eq!(r.uri.user.as_deref(), Some(user));
    assert_eq!(
        r.uri.password.as_deref(),
        Some("&it+has=1,weird!*pas$wo~d_too.(doesn't-it)")
    );
    assert_eq!(r.headers.call_id().unwrap(), call_id);
    assert!(r.headers.via().unwrap().unwrap().has_cookie());
    let to = r.headers.to().unwrap().unwrap();
    assert_eq!(to.name().unwrap(), "BEL:\x07 NUL:\0 DEL:\x7f");
    let from = r.headers.from().unwrap().unwrap();
    assert_eq!(from.name().unwrap(), "token1~` token2'+_ token3*%!.-");
    assert_eq!(from.tag(), Some("_token~1'+`*%!-."));
    assert_eq!(
        from.params.unquoted("fromParam''~+*_!.-%").unwrap(),
        "\u{440}\u{430}\u{431}\u{43e}\u{442}\u{430}\u{44e}\u{449}\u{438}\u{439}"
    );
    let extension = r.headers.get(&"extensionHeader-!.%*+_`'~".into());
    assert_eq!(extension, Some("\u{feff}\u{5927}\u{505c}\u{96fb}"));
}

#[test]
fn s3_1_1_3_esc01_escapes_are_understood_in_user_parts() {
    let message = read(
        crlf(
            "INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0
To: sip:%75se%72@example.com
From: <sip:I%20have%20spaces@example.net>;tag=938
Max-Forwards: 87
i: esc01.239409asdfakjkn23onasd0-3234
CSeq: 234234 INVITE
Via: SIP/2.0/UDP host5.example.net;branch=z9hG4bKkdjuw
C: application/sdp
Contact:
  <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>
Content-Length: 0

",
        )
        .as_bytes(),
    );
    message.check().unwrap();
    let r = request(&message);
    assert_eq!(r.uri.user_unescaped().unwrap(), "sips:user@example.com");
    assert_eq!(r.uri.host, Host::parse("example.net").unwrap());
    let to = r.headers.to().unwrap().unwrap();
    assert!(
        to.uri
            .equivalent(&Uri::parse("sip:user@example.com").unwrap())
    );
    let from = r.headers.from().unwrap().unwrap();
    assert_eq!(from.uri.user_unescaped().unwrap(), "I have spaces");
    let contact = r.headers.contact().unwrap().unwrap();
    assert_eq!(contact.uri.user_unescaped().unwrap(), "caller");
    // An escaped name is not the name of a parameter that means something: this is no loose router.
    assert!(!contact.uri.params.has("lr"));
    assert_eq!(contact.uri.params.get("n%61me"), Some("v%61lue%25%34%31"));
}

#[test]
fn s3_1_1_4_escnull_escaped_nulls_are_not_the_end() {
    let message = read(
        crlf(
            "REGISTER sip:example.com SIP/2.0
To: sip:null-%00-null@example.com
From: sip:null-%00-null@example.com;tag=839923423
Max-Forwards: 70
Call-ID: escnull.39203ndfvkjdasfkq3w4otrq0adsfdfnavd
CSeq: 14398234 REGISTER
Via: SIP/2.0/UDP host5.example.com;branch=z9hG4bKkdjuw
Contact: <sip:%00@host5.example.com>
Contact: <sip:%00%00@host5.example.com>
L:0

",
        )
        .as_bytes(),
    );
    message.check().unwrap();
    let contacts: Vec<NameAddr> = message
        .headers()
        .all_typed(&HeaderName::Contact)
        .map(Result::unwrap)
        .collect();
    assert_eq!(contacts[0].uri.user_unescaped().unwrap(), "\0");
    assert_eq!(contacts[1].uri.user_unescaped().unwrap(), "\0\0");
    assert!(!contacts[0].uri.equivalent(&contacts[1].uri));
}

#[test]
fn s3_1_1_5_esc02_a_percent_sign_that_escapes_nothing() {
    let message = read(
        crlf(
            "RE%47IST%45R sip:registrar.example.com SIP/2.0
To: \"%Z%45\" <sip:resource@example.com>
From: \"%Z%45\" <sip:resource@example.com>;tag=f232jadfj23
Call-ID: esc02.asdfnqwo34rq23i34jrjasdcnl23nrlknsdf
Via: SIP/2.0/TCP host.example.com;branch=z9hG4bK209%fzsnel234
CSeq: 29344 RE%47IST%45R
Max-Forwards: 70
Contact: <sip:alias1@host1.example.com>
C%6Fntact: <sip:alias2@host2.example.com>
Contact: <sip:alias3@host3.example.com>
l: 0

",
        )
        .as_bytes(),
    );
    message.check().unwrap();
    let r = request(&message);
    assert_eq!(r.method.as_str(), "RE%47IST%45R");
    assert_eq!(r.headers.to().unwrap().unwrap().name().unwrap(), "%Z%45");
    assert_eq!(r.headers.all(&HeaderName::Contact).count(), 2);
    assert!(r.headers.contains(&"C%6Fntact".into()));
    assert_eq!(
        r.headers.via().unwrap().unwrap().branch(),
        Some("z9hG4bK209%fzsnel234")
    );
}

#[test]
fn s3_1_1_6_lwsdisp_no_space_before_the_bracket() {
    let message = read(
        crlf(
            "OPTIONS sip:user@example.com SIP/2.0
To: sip:user@example.com
From: caller<sip:caller@example.com>;tag=323
Max-Forwards: 70
Call-ID: lwsdisp.1234abcd@funky.example.com
CSeq: 60 OPTIONS
Via: SIP/2.0/UDP funky.example.com;branch=z9hG4bKkdjuw
l: 0

",
        )
        .as_bytes(),
    );
    message.check().unwrap();
    let from = message.headers().from().unwrap().unwrap();
    assert_eq!(from.name().unwrap(), "caller");
    assert_eq!(from.tag(), Some("323"));
}

#[test]
fn s3_1_1_7_longreq_long_values_of_all_kinds() {
    let (user, tag) = ("amazinglylongcallername".repeat(14), "12982424".repeat(40));
    let branch = "z9hG4bKlonglonglongbranch".repeat(20);
    let mut text = format!(
        "INVITE sip:user@example.com SIP/2.0
To: \"I have a user name of {user}\"<sip:user@example.com:6000;unknownparam1={user};longparam{tag}=shortvalue;veryLong{tag}ParameterNameWithNoValue>
F: sip:{user}@example.net;tag={tag};unknownheaderparam{user}=unknowheaderparamvalue{tag};unknownValueless{tag}
Call-ID: longreq.one{tag}
CSeq: 3882340 INVITE
Unknown-{user}-Name: unknown-{tag}-value; unknown-{user}-parameter = unknown-value
"
    );
    for number in 0..34 {
        text += &format!(
            "Via: SIP/2.0/TCP sip{number}.example.com\nv: SIP/2.0/TCP host.example.com;received=192.0.2.5;branch={branch}{number}\n"
        );
    }
    text += "Max-Forwards: 70\nContact: <sip:a@b>\nContent-Length: 0\n\n";
    let message = read(crlf(&text).as_bytes());
    message.check().unwrap();
    assert_eq!(message.headers().all(&HeaderName::Via).count(), 68);
    let to = message.headers().to().unwrap().unwrap();
    assert_eq!(to.uri.port, Some(6000));
    assert_eq!(to.uri.params.get("unknownparam1"), Some(user.as_str()));
    assert_eq!(
        message.headers().from().unwrap().unwrap().tag(),
        Some(tag.as_str())
    );
}

#[test]
fn s3_1_1_8_dblreq_octets_after_the_body_are_passed_over() {
    let first = crlf(
        "REGISTER sip:example.com SIP/2.0
To: sip:j.user@example.com
From: sip:j.user@example.com;tag=43251j3j324
Max-Forwards: 8
I: dblreq.0ha0isndaksdj99sdfafnl3lk233412
Contact: sip:j.user@host.example.com
CSeq: 8 REGISTER
Via: SIP/2.0/UDP 192.0.2.125;branch=z9hG4bKkdjuw23492
Content-Length: 0

",
    );
    let second = "INVITE sip:joe@example.com SIP/2.0\r\nt: sip:joe@example.com\r\n\r\n";
    let message = read(format!("{first}{second}").as_bytes());
    message.check().unwrap();
    assert_eq!(request(&message).method, Method::Register);
    assert!(message.body().is_empty());
    assert_eq!(message.headers().len(), 8);
}

#[test]
fn s3_1_1_9_semiuri_a_semicolon_in_the_user_part_is_the_users() {
    let message = read(
        crlf(
            "OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0
To: sip:j_user@example.com
From: sip:caller@example.org;tag=33242
Max-Forwards: 3
Call-ID: semiuri.0ha0isndaksdj
CSeq: 8 OPTIONS
Accept: application/sdp, application/pkcs7-mime,
        multipart/mixed, multipart/signed,
        message/sip, message/sipfrag
Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKkdjuw
l: 0

",
        )
        .as_bytes(),
    );
    message.check().unwrap();
    let uri = &request(&message).uri;
    assert_eq!(uri.user_unescaped().unwrap(), "user;par=u@example.net");
    assert!(uri.params.is_empty());
    let accept: Vec<MediaType> = message
        .headers()
        .all_typed(&HeaderName::Accept)
        .map(Result::unwrap)
        .collect();
    assert_eq!(accept.len(), 6);
    assert!(accept[5].is("message", "sipfrag"));
}

#[test]
fn s3_1_1_10_transports_known_and_unknown() {
    let message = read(
        crlf(
            "OPTIONS sip:user@example.com SIP/2.0
To: sip:user@example.com
From: <sip:caller@example.com>;tag=323
Max-Forwards: 70
Call-ID:  transports.kijh4akdnaqjkwendsasfdj
Accept: application/sdp
CSeq: 60 OPTIONS
Via: SIP/2.0/UDP t1.example.com;branch=z9hG4bKkdjuw
Via: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKklasjdhf
Via: SIP/2.0/TLS t3.example.com;branch=z9hG4bK2980unddj
Via: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKasd0f3en
Via: SIP/2.0/TCP t5.example.com;branch=z9hG4bK0a9idfnee
l: 0

",
        )
        .as_bytes(),
    );
    message.check().unwrap();
    let transports: Vec<_> = message
        .headers()
        .all_typed::<Via>(&HeaderName::Via)
        .map(|via| via.unwrap().transport.to_string())
        .collect();
    assert_eq!(transports, ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"]);
}

#[test]
fn s3_1_1_11_mpart01_a_body_of_parts_with_binary_octets() {
    let mut body = b"--7a9cbec02ceef655\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n\r\nHello\r\n\
        --7a9cbec02ceef655\r\nContent-Type: application/octet-stream\r\n\r\n"
        .to_vec();
    let binary: Vec<u8> = (0..=255).chain([0x30, 0x82, 0x01, 0x52]).collect();
    body.extend(&binary);
    body.extend(b"\r\n--7a9cbec02ceef655--\r\n");
    let head = crlf(&format!(
        "MESSAGE sip:kumiko@example.org SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-d87543-4dade06d0bdb11ee-1--d87543-;rport
Max-Forwards: 70
Route: <sip:127.0.0.1:5080>
Identity: r5mwreLuyDRYBi/0TiPwEsY3rEVsk/G2WxhgTV1PF7hHuLIK0YWVKZhKv9Mj8UeXqkMVbnVq37CD+813gvYjcBUaZngQmXc9WNZSDNGCzA+fWl9MEUHWIZo1CeJebdY/XlgKeTa0Olvq0rt70Q5jiSfbqMJmQFteeivUhkMWYUA=
Contact: <sip:fluffy@127.0.0.1:5070>
To: <sip:kumiko@example.org>
From: <sip:fluffy@example.com>;tag=2fb0dcc9
Call-ID: 3d9485ad0c49859b@Zmx1ZmZ5LW1hYy0xNi5sb2NhbA..
CSeq: 1 MESSAGE
Content-Transfer-Encoding: binary
Content-Type: multipart/mixed;boundary=7a9cbec02ceef655
Date: Sat, 15 Oct 2005 04:44:56 GMT
User-Agent: SIPimp.org/0.2.5 (curses)
Content-Length: {}

",
        body.len()
    ));
    let message = read(&[head.as_bytes(), &body].concat());
    message.check().unwrap();
    assert_eq!(message.body(), body);
    let date = message.headers().get(&HeaderName::Date);
    assert_eq!(date, Some("Sat, 15 Oct 2005 04:44:56 GMT"));
    let of: MediaType = message
        .headers()
        .typed(&HeaderName::ContentType)
        .unwrap()
        .unwrap();
    let parts = multipart::parts(&of, message.body());
    assert_eq!(parts[0].body, b"Hello");
    assert_eq!(parts[1].body, binary);
}

#[test]
fn s3_1_1_12_unreason_a_reason_phrase_in_any_script() {
    let phrase = "= 2**3 * 5**2 \u{43d}\u{43e} \u{441}\u{442}\u{43e} \u{434}\u{435}\u{432}\u{44f}\u{43d}\u{43e}\u{441}\u{442}\u{43e} - \u{43f}\u{440}\u{43e}\u{441}\u{442}\u{43e}\u{435}";
    let message = read(
        crlf(&format!(
            "SIP/2.0 200 {phrase}
Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923
Call-ID: unreason.1234ksdfak3j2erwedfsASdf
CSeq: 35 INVITE
From: sip:user@example.com;tag=11141343
To: sip:user@example.edu;tag=2229
Content-Length: 0
Contact: <sip:user@host198.example.com>

"
        ))
        .as_bytes(),
    );
    message.check().unwrap();
    let r = message.as_response().unwrap();
    assert_eq!(r.status, 200);
    assert_eq!(r.reason, phrase);
}

#[test]
fn s3_1_1_13_noreason_an_empty_reason_phrase() {
    for line in ["SIP/2.0 100 ", "SIP/2.0 100"] {
        let message = read(
            crlf(&format!(
                "{line}
Via: SIP/2.0/UDP 192.0.2.105;branch=z9hG4bK2398ndaoe
Call-ID: noreason.asndj203insdf99223ndf
CSeq: 35 INVITE
From: <sip:user@example.com>;tag=39ansfi3
To: <sip:user@example.edu>;tag=902jndnke3
Content-Length: 0
Contact: <sip:user@host105.example.com>

"
            ))
            .as_bytes(),
        );
        message.check().unwrap();
        let r = message.as_response().unwrap();
        assert_eq!((r.status.code(), &*r.reason), (100, ""));
    }
}

#[test]
fn rfc_5118_ipv6_references_everywhere() {
    let message = read(
        crlf(
            "REGISTER sip:[2001:db8::10]:5070 SIP/2.0
To: sip:user@example.com
From: sip:user@example.com;tag=81x2
Via: SIP/2.0/UDP [2001:db8::9:1]:6050;received=[2001:db8::9:255];branch=z9hG4bKas3-111
Via: SIP/2.0/UDP [::ffff:192.0.2.10]:19823;received=2001:db8::9:256;branch=z9hG4bKbh19
Call-ID: SSG9559905523997077@hlau_4100
Contact: \"Caller\" <sip:caller@[2001:db8::1]>, <sip:[2001:db8::2]:5060;transport=tcp>
CSeq: 98176 REGISTER
Content-Length: 0

",
        )
        .as_bytes(),
    );
    message.check().unwrap();
    let r = request(&message);
    assert_eq!(r.uri.host, Host::V6("2001:db8::10".parse().unwrap()));
    assert_eq!(r.uri.port, Some(5070));
    let vias: Vec<Via> = r
        .headers
        .all_typed(&HeaderName::Via)
        .map(Result::unwrap)
        .collect();
    assert_eq!(vias[0].received(), "2001:db8::9:255".parse().ok());
    assert_eq!(vias[0].port, Some(6050));
    assert_eq!(vias[1].received(), "2001:db8::9:256".parse().ok());
    let contacts: Vec<NameAddr> = r
        .headers
        .all_typed(&HeaderName::Contact)
        .map(Result::unwrap)
        .collect();
    assert_eq!(contacts[1].uri.port, Some(5060));
    // RFC 5118 §4.2: the reference's port without brackets is part of the address, so it is one address.
    let ambiguous = Uri::parse("sip:[2001:db8::10:5070]").unwrap();
    assert_eq!(ambiguous.port, None);
    // RFC 5118 §4.1: brackets are demanded.
    assert!(Uri::parse("sip:2001:db8::10").is_err());
}
