//! A caller asks to be answered without the agent's doing: what the core hears of it, and what a request may require.
use crate::support::{Pipe, config, sdp};
use std::time::Duration;
use trialog_call::Grade;
use trialog_ua::Net;

/// An INVITE with these headers from 10.0.0.9, and the status of its first answer; none: the core has it.
fn invite(pipe: &mut Pipe, more: &str) -> Option<String> {
    let offer = sdp("sip:pbx@10.0.0.9", "sendrecv");
    let (contact, body) = offer.split_once("\r\n\r\n").expect("a head and a body");
    let number = pipe.raw.len();
    let text = format!(
        "INVITE sip:user0@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK{number}\r\n\
         From: <sip:pbx@10.0.0.9>;tag=f\r\nTo: <sip:user0@10.0.0.1>\r\nCall-ID: c{number}\r\n\
         CSeq: 1 INVITE\r\nMax-Forwards: 70\r\n{more}{contact}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    pipe.inject("10.0.0.9:5060".parse().expect("address"), 0, &text);
    pipe.run_ms(50);
    let (_, _, answer) = pipe.raw.get(number)?;
    Some(answer[8..11].to_owned())
}

#[test]
fn the_core_hears_whose_wish_it_is_and_for_when() {
    for grade in [Grade::Stranger, Grade::Colleague] {
        let mut own = config(0);
        if grade == Grade::Colleague {
            own.trusted = vec![Net::address("10.0.0.9".parse().expect("address"))];
        }
        for (header, seconds) in [
            ("Call-Info: <sip:10.0.0.9>;answer-after=0\r\n", Some(0)),
            ("Call-Info: <sip:10.0.0.9>;answer-after=4\r\n", Some(4)),
            (
                "Alert-Info: <http://10.0.0.9>;info=alert-autoanswer;delay=0\r\n",
                Some(0),
            ),
            ("Answer-Mode: Auto\r\n", Some(0)),
            ("Answer-Mode: Manual\r\n", None),
            ("", None),
        ] {
            let mut pipe = Pipe::with(vec![own.clone()], 1);
            invite(&mut pipe, header);
            let (_, incoming) = pipe.incoming(0);
            assert_eq!(
                incoming.answer_after,
                seconds.map(Duration::from_secs),
                "{header}"
            );
            assert_eq!(incoming.grade, grade);
        }
    }
}

#[test]
fn a_request_may_require_that_its_wish_is_understood_where_such_wishes_are_granted() {
    for granted in [true, false] {
        let mut own = config(0);
        own.answer_mode = granted;
        let mut pipe = Pipe::with(vec![own], 1);
        let refused = invite(&mut pipe, "Require: answermode\r\nAnswer-Mode: Auto\r\n");
        let expected = (!granted).then(|| "420".to_owned());
        assert_eq!(refused, expected);
    }
}
