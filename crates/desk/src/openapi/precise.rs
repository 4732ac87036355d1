//! Schemas as generators of clients expect them.
use serde_json::{Value, json};

/// What stands beside a reference is passed over by many generators of clients: both become parts of the whole.
fn reference_apart(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    if members.contains_key("properties")
        && let Some(reference) = members.remove("$ref")
    {
        let description = members.remove("description");
        let own = std::mem::take(members);
        members.extend(description.map(|text| ("description".to_owned(), text)));
        members.insert("allOf".to_owned(), json!([{"$ref": reference}, own]));
    }
}

/// What the types alone don't have: a member that may be left out is never null, though they read both; and a set of names is one
/// list, as generators of clients expect it, with the meanings in its description.
pub(super) fn precise(schema: &mut Value) {
    names_as_list(schema);
    if let Some(branches) = schema.get_mut("oneOf").and_then(Value::as_array_mut) {
        for branch in branches {
            precise(branch);
            reference_apart(branch);
        }
    }
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    for (name, member) in properties {
        names_as_list(member);
        if let Some(member) = member.as_object_mut() {
            member.remove("default");
        }
        if required.iter().any(|required| required == name) {
            continue;
        }
        if let Some(types) = member.get_mut("type").filter(|types| types.is_array()) {
            *types = types[0].take();
        }
        if let Some(Value::Array(mut any)) =
            member.as_object_mut().and_then(|of| of.remove("anyOf"))
        {
            match any[0].take() {
                Value::Object(one) if !one.contains_key("$ref") => {
                    let about = member["description"].take();
                    member
                        .as_object_mut()
                        .into_iter()
                        .for_each(|of| of.extend(one.clone()));
                    // What the member is stands before what its type is.
                    let text = about.as_str().unwrap_or_default().to_owned();
                    names_as_list(member);
                    let names = member["description"].as_str().unwrap_or_default();
                    member["description"] = json!(format!("{text} {names}").trim());
                }
                mut one => member["$ref"] = one["$ref"].take(),
            }
        }
    }
}

fn names_as_list(schema: &mut Value) {
    let branches = schema["oneOf"].as_array().cloned().unwrap_or_default();
    let names: Vec<_> = branches.iter().filter_map(|one| one.get("const")).collect();
    if names.is_empty() || names.len() < branches.len() {
        return;
    }
    let lines = branches.iter().map(|one| {
        let text = |key: &str| one[key].as_str().unwrap_or_default();
        format!("\n- `{}`: {}", text("const"), text("description"))
    });
    let about = schema["description"].as_str().unwrap_or_default();
    let about = format!("{about}\n{}", lines.collect::<String>());
    let names = json!(names);
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("oneOf");
        schema.insert("type".to_owned(), json!("string"));
        schema.insert("enum".to_owned(), names);
        schema.insert("description".to_owned(), json!(about));
    }
}
