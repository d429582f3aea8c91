use super::*;

fn read_texts(texts: &[(&str, &str)]) -> (Option<Model>, Vec<String>) {
    let files: Vec<SourceFile> =
        texts.iter().map(|(path, text)| SourceFile::new(*path, text.as_bytes())).collect();
    let first = vec![files[0].clone()];
    let (model, problems) = read(first, Settings::default(), &mut |_, name| {
        files.iter().find(|file| &**file.path() == name).cloned().ok_or_else(|| "no such file".to_owned())
    });
    let shown = |problem: &crate::source::Problem| {
        format!(
            "{}:{}: {}: {}",
            problem.location.path,
            problem.location.line,
            problem.severity.word(),
            problem.message
        )
    };
    (model, problems.iter().map(shown).collect())
}

fn wrapped(inner: &str) -> String {
    format!("<?xml version=\"1.0\"?>\n<opsa-mef>\n{inner}\n</opsa-mef>\n")
}

#[test]
fn a_small_tree_is_read_with_nested_formulas() {
    let text = wrapped(
        r#"<define-fault-tree name="t"><define-gate name="top"><label>x</label><or><and><basic-event name="a"/><event name="b"/></and><gate name="g"/></or></define-gate>
<define-gate name="g"><atleast min="2"><basic-event name="a"/><basic-event name="b"/><not><house-event name="h"/></not></atleast></define-gate>
<define-house-event name="h"><constant value="true"/></define-house-event></define-fault-tree>
<model-data><define-basic-event name="a"><float value="0.25"/></define-basic-event><define-basic-event name="b"><mul><float value="0.5"/><parameter name="p"/></mul></define-basic-event>
<define-parameter name="p"><int value="1"/></define-parameter></model-data>"#,
    );
    let (model, problems) = read_texts(&[("m.xml", &text)]);
    let model = model.unwrap();
    assert_eq!(problems, [""; 0]);
    assert_eq!(model.tops.len(), 1);
    assert_eq!(&*model.gates[model.tops[0]].name, "top");
    let probabilities: Vec<(&str, Option<f64>)> =
        model.events.iter().map(|event| (&*event.name, event.probability)).collect();
    assert_eq!(probabilities, [("a", Some(0.25)), ("b", Some(0.5))]);
    let inner = model.gates.iter().find(|gate| gate.connective == Connective::Not).unwrap();
    assert_eq!(inner.arguments, [Argument::Constant(true)]);
}

#[test]
fn private_names_are_found_from_the_inside_out() {
    let text = wrapped(
        r#"<define-fault-tree name="t"><define-gate name="top"><and><gate name="c.g"/><gate name="d.g"/></and></define-gate>
<define-component name="c" role="private"><define-gate name="g"><or><basic-event name="e"/></or></define-gate><define-basic-event name="e"><float value="0.1"/></define-basic-event></define-component>
<define-component name="d" role="private"><define-gate name="g"><or><basic-event name="e"/></or></define-gate><define-basic-event name="e"><float value="0.2"/></define-basic-event></define-component>
</define-fault-tree>"#,
    );
    let (model, problems) = read_texts(&[("m.xml", &text)]);
    assert_eq!(problems, [""; 0]);
    let model = model.unwrap();
    let names: Vec<&str> = model.events.iter().map(|event| &*event.name).collect();
    assert_eq!(names, ["t.c.e", "t.d.e"]);
    let gate = |name: &str| &model.gates[model.named[name]];
    let probability = |name: &str| match gate(name).arguments[0] {
        Argument::Event(event) => model.events[event].probability,
        _ => None,
    };
    assert_eq!((probability("t.c.g"), probability("t.d.g")), (Some(0.1), Some(0.2)));
}

#[test]
fn included_files_are_read_once() {
    let main = wrapped(
        r#"<include file="data.xml"/><include file="data.xml"/><define-fault-tree name="t"><define-gate name="top"><or><basic-event name="a"/></or></define-gate></define-fault-tree>"#,
    );
    let data = wrapped(
        r#"<include file="main.xml"/><model-data><define-basic-event name="a"><float value="0.5"/></define-basic-event></model-data>"#,
    );
    let (model, problems) = read_texts(&[("main.xml", &main), ("data.xml", &data)]);
    assert_eq!(problems, [""; 0]);
    assert_eq!(model.unwrap().events[0].probability, Some(0.5));
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    for (inner, expected) in [
        (
            "<define-fault-tree name=\"t\"><define-gate name=\"g\"><or><gate name=\"x\"/></or></define-gate></define-fault-tree>",
            "m.xml:3: error: the gate `x` is used but not defined",
        ),
        (
            "<define-fault-tree name=\"t\"><define-gate name=\"g\"/></define-fault-tree>",
            "m.xml:3: error: gate `g` has no formula",
        ),
        ("<include file=\"no.xml\"/>", "m.xml:3: error: failed to include `no.xml`: no such file"),
        (
            "<model-data>\n<define-parameter name=\"p\"><parameter name=\"p\"/></define-parameter><define-basic-event name=\"a\"><parameter name=\"p\"/></define-basic-event></model-data>",
            "m.xml:4: error: the parameter `p` needs itself",
        ),
        (
            "<model-data><define-basic-event name=\"a\"><float value=\"1.5\"/></define-basic-event></model-data>",
            "m.xml:3: error: the probability of `a` is 1.5, which is not between 0 and 1",
        ),
        (
            "<model-data><define-basic-event name=\"a\"/>\n<define-basic-event name=\"a\"/></model-data>",
            "m.xml:4: error: `a` is defined twice: first in m.xml:3",
        ),
    ] {
        let (model, problems) = read_texts(&[("m.xml", &wrapped(inner))]);
        assert!(model.is_none(), "{inner}");
        assert_eq!(problems, [expected]);
    }
}

#[test]
fn hostile_documents_end_in_an_error() {
    let deep = format!("<opsa-mef>{}", "<or>".repeat(100_000));
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><opsa-mef name=\"&b;\"/>";
    for text in [
        deep.as_str(),
        bomb,
        "",
        "<a>",
        "<opsa-mef><a b='1' b='2'/></opsa-mef>",
        "<opsa-mef></or>",
        "\u{0}\u{0}",
        "<opsa-mef/><opsa-mef/>",
    ] {
        let (model, problems) = read_texts(&[("m.xml", text)]);
        assert!(model.is_none() && !problems.is_empty(), "{:.40}", text);
    }
}

#[test]
fn expressions_have_the_values_of_the_format() {
    let value = |expression: &str| {
        let text = wrapped(&format!(
            "<model-data><define-basic-event name=\"a\">{expression}</define-basic-event></model-data>"
        ));
        read_texts(&[("m.xml", &text)]).0.and_then(|model| model.events[0].probability)
    };
    let near = |expression: &str, expected: f64| {
        let value = value(expression).unwrap();
        assert!((value - expected).abs() <= 1e-12 * expected, "{expression}: {value}");
    };
    near("<exponential><float value=\"1e-4\"/><system-mission-time/></exponential>", 1.0 - (-0.876f64).exp());
    near("<div><float value=\"1\"/><int value=\"4\"/></div>", 0.25);
    near(
        "<lognormal-deviate><float value=\"0.01\"/><float value=\"3\"/><float value=\"0.95\"/></lognormal-deviate>",
        0.01,
    );
    near(
        "<GLM><float value=\"0\"/><float value=\"1\"/><float value=\"3\"/><float value=\"1000\"/></GLM>",
        0.25,
    );
    near(
        "<Weibull><float value=\"2\"/><float value=\"1\"/><float value=\"0\"/><float value=\"2\"/></Weibull>",
        1.0 - (-1f64).exp(),
    );
    assert_eq!(value("<histogram/>"), None);
}
