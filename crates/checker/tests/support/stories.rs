//! Each story, told perfectly.
use super::Scene;
use trialog_checker::Evidence;
use trialog_checker::Party::{self, Agent1, Agent2, Customer};

const ABLE: &str =
    "Allow: INVITE, ACK, BYE, CANCEL, REFER, NOTIFY, INFO\r\nSupported: replaces\r\n";
const UNABLE: &str = "Allow: INVITE, ACK, BYE, CANCEL, NOTIFY, INFO\r\n";

/// The evidence of a story in which everything is as it must be.
pub(crate) fn perfect(story: &str) -> Evidence {
    let mut s = Scene::new();
    let abilities = if story == "anchored" { UNABLE } else { ABLE };
    let a = s.begin(Customer, Agent1);
    s.invite(a, "", abilities);
    s.ring(a);
    s.pause(0.5);
    s.answer(a, ABLE);
    s.hears(&[(Customer, Agent1)], &[]);
    s.pause(1.3);
    s.says(Customer);
    s.says(Agent1);
    if story == "blind" {
        blind(&mut s, a);
        return s.finish();
    }
    s.hears(&[], &[Customer]);
    s.reinvite(a, "sendonly", false);
    if ["conference", "busy"].contains(&story) {
        s.pause(2.5);
    }
    let b = s.begin(Agent1, Agent2);
    s.invite(b, "Trialog-Role: guest\r\n", ABLE);
    if story == "busy" {
        s.refuse(b, "486 Busy Here");
        s.pause(1.0);
        s.reinvite(a, "sendrecv", false);
        talk(&mut s, Customer, Agent1);
        s.bye(a, Customer, "");
        return s.finish();
    }
    s.ring(b);
    s.pause(0.5);
    s.answer(b, abilities);
    s.hears(&[(Agent1, Agent2)], &[Customer]);
    s.pause(1.3);
    s.says(Agent1);
    s.says(Agent2);
    match story {
        "conference" => {
            swap(&mut s, a, b);
            conference(&mut s, a, b);
            transfer(&mut s, a, b);
        }
        "consult-transfer" => consult_transfer(&mut s, a, b),
        "refused" => refused(&mut s, a, b),
        _ => {
            conference(&mut s, a, b);
            ending(&mut s, a, b, story);
        }
    }
    s.finish()
}

fn talk(s: &mut Scene, one: Party, other: Party) {
    s.hears(&[(one, other)], &[]);
    s.pause(1.3);
    s.says(one);
    s.says(other);
}

fn swap(s: &mut Scene, a: usize, b: usize) {
    s.hears(&[], &[Customer, Agent2]);
    s.reinvite(b, "sendonly", false);
    s.reinvite(a, "sendrecv", false);
    s.hears(&[(Customer, Agent1)], &[Agent2]);
    s.pause(1.3);
    s.says(Agent1);
    s.says(Customer);
    s.hears(&[], &[Customer, Agent2]);
    s.reinvite(a, "sendonly", false);
    s.reinvite(b, "sendrecv", false);
    s.hears(&[(Agent1, Agent2)], &[Customer]);
    s.pause(1.3);
    s.says(Agent2);
    s.says(Agent1);
}

fn conference(s: &mut Scene, a: usize, b: usize) {
    s.reinvite(a, "sendrecv", true);
    s.everybody_hears_everybody();
    s.reinvite(b, "sendrecv", true);
    s.pause(1.3);
    for party in Party::ALL {
        s.says(party);
    }
    s.all_say();
}

fn transfer(s: &mut Scene, a: usize, b: usize) {
    let to = s.refer_to(a, Customer);
    s.refer(b, &to, "202 Accepted");
    s.notify(b, Agent2, "100 Trying");
    s.pause(0.8);
    let t = s.begin(Agent2, Customer);
    let replaces = format!(
        "Replaces: {}\r\nReferred-By: <sip:agent-1@h>\r\n",
        s.replaces(a, Customer)
    );
    s.invite(t, &replaces, ABLE);
    s.answer(t, ABLE);
    s.hears(&[(Customer, Agent2)], &[]);
    s.bye(a, Customer, "");
    s.notify(b, Agent2, "200 OK");
    s.bye(b, Agent1, "Transferred");
    talk(s, Agent2, Customer);
    s.bye(t, Customer, "");
}

fn consult_transfer(s: &mut Scene, a: usize, b: usize) {
    let to = s.refer_to(b, Agent2);
    s.refer(a, &to, "202 Accepted");
    s.notify(a, Customer, "100 Trying");
    let t = s.begin(Customer, Agent2);
    let replaces = format!(
        "Replaces: {}\r\nReferred-By: <sip:agent-1@h>\r\n",
        s.replaces(b, Agent2)
    );
    s.invite(t, &replaces, ABLE);
    s.answer(t, ABLE);
    s.hears(&[(Customer, Agent2)], &[]);
    s.bye(b, Agent2, "");
    s.notify(a, Customer, "200 OK");
    s.bye(a, Agent1, "Transferred");
    talk(s, Agent2, Customer);
    s.bye(t, Customer, "");
}

fn blind(s: &mut Scene, a: usize) {
    s.refer(a, "sip:agent-2@h", "202 Accepted");
    s.notify(a, Customer, "100 Trying");
    let t = s.begin(Customer, Agent2);
    s.invite(t, "Referred-By: <sip:agent-1@h>\r\n", ABLE);
    s.ring(t);
    s.pause(0.5);
    s.answer(t, ABLE);
    s.hears(&[(Customer, Agent2)], &[]);
    s.notify(a, Customer, "200 OK");
    s.bye(a, Agent1, "Transferred");
    talk(s, Agent2, Customer);
    s.bye(t, Customer, "");
}

fn refused(s: &mut Scene, a: usize, b: usize) {
    let to = s.refer_to(b, Agent2);
    s.refer(a, &to, "603 Decline");
    s.hears(&[], &[Customer, Agent2]);
    s.reinvite(b, "sendonly", false);
    s.reinvite(a, "sendrecv", false);
    s.hears(&[(Customer, Agent1)], &[Agent2]);
    s.pause(1.3);
    s.says(Customer);
    s.says(Agent1);
    s.bye(b, Agent1, "Ended");
    s.bye(a, Customer, "");
}

fn ending(s: &mut Scene, a: usize, b: usize, story: &str) {
    match story {
        "exit" => {
            s.hears(&[(Customer, Agent1)], &[]);
            s.bye(b, Agent2, "Exit");
            talk(s, Customer, Agent1);
            s.bye(a, Customer, "");
        }
        "end" => {
            s.hears(&[], &[]);
            s.bye(a, Agent1, "Conference ended");
            s.bye(b, Agent1, "Conference ended");
        }
        "crash" => {
            s.pause(1.0);
            s.hears(&[], &[]);
            s.pause(0.4);
            s.port = 5000;
            s.reinvite(a, "sendrecv", true);
            s.reinvite(b, "sendrecv", true);
            s.everybody_hears_everybody();
            s.pause(2.0);
            for party in Party::ALL {
                s.says(party);
            }
            s.hears(&[], &[]);
            s.bye(a, Agent1, "Conference ended");
            s.bye(b, Agent1, "Conference ended");
        }
        "customer-leaves" => {
            s.hears(&[(Agent1, Agent2)], &[]);
            s.bye(a, Customer, "");
            talk(s, Agent1, Agent2);
            s.bye(b, Agent1, "Ended");
        }
        "decline" => {
            let to = s.refer_to(a, Customer);
            s.refer(b, &to, "202 Accepted");
            s.pause(0.5);
            s.notify(b, Agent2, "603 Decline");
            s.pause(1.3);
            for party in Party::ALL {
                s.says(party);
            }
            s.hears(&[], &[]);
            s.bye(a, Agent1, "Conference ended");
            s.bye(b, Agent1, "Conference ended");
        }
        "anchored" => {
            s.hears(&[(Customer, Agent2)], &[]);
            s.info(b);
            talk(s, Customer, Agent2);
            s.bye(a, Customer, "");
            s.bye(b, Agent1, "Ended");
        }
        other => panic!("no story {other}"),
    }
}
