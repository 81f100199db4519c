//! Ingresses that nothing in the cluster carries out: they are taken, and never get an address.
//!
//! GKE's own controller takes those without a class, and goes by the annotation, not by the field. EKS has none: the one of its load
//! balancers is not an add-on, but a program of its own.

use crate::lint::finding::{Place, Report, Says};
use crate::lint::object::{Object, shown};
use crate::lint::world::World;
use crate::spec::Provider;
use crate::spec::tree::Node;

pub(super) const RULE: &str = "ingress-controller";

/// The annotation from before there were classes.
const ANNOTATION: &str = "kubernetes.io/ingress.class";
const DEFAULT_KEY: &str = "ingressclass.kubernetes.io/is-default-class";
const GKES: [&str; 2] = ["gce", "gce-internal"];
const NO_ADDRESS: &str = "it never gets an address, and nothing says so";

/// A controller of ingresses.
struct Controller {
    /// What its class says it is.
    controller: &'static str,
    /// The usual name of its class.
    class: &'static str,
    /// Part of the names of its images.
    images: &'static [&'static str],
    /// Beginning of the annotations that it alone reads.
    annotations: &'static str,
    words: &'static str,
}

static CONTROLLERS: [Controller; 5] = [
    Controller {
        controller: "k8s.io/ingress-nginx",
        class: "nginx",
        images: &["ingress-nginx", "nginx-ingress"],
        annotations: "nginx.ingress.kubernetes.io/",
        words: "ingress-nginx",
    },
    Controller {
        controller: "ingress.k8s.aws/alb",
        class: "alb",
        images: &["aws-load-balancer-controller", "aws-alb-ingress-controller"],
        annotations: "alb.ingress.kubernetes.io/",
        words: "the AWS Load Balancer Controller",
    },
    Controller {
        controller: "traefik.io/ingress-controller",
        class: "traefik",
        images: &["traefik"],
        annotations: "traefik.ingress.kubernetes.io/",
        words: "Traefik",
    },
    Controller {
        controller: "haproxy-ingress.github.io/controller",
        class: "haproxy",
        images: &["haproxy-ingress", "kubernetes-ingress"],
        annotations: "haproxy-ingress.github.io/",
        words: "HAProxy",
    },
    Controller {
        controller: "ingress-controllers.konghq.com/kong",
        class: "kong",
        images: &["kong"],
        annotations: "konghq.com/",
        words: "Kong",
    },
];

/// Who carries out an ingress.
enum Served<'a> {
    By(&'a Controller),
    /// GKE's own.
    ByGke,
    /// Somebody of whom berth knows nothing.
    Unknown,
}

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    // What runs in a cluster that stands is known to that cluster only.
    if world.provider() == Provider::Existing {
        return;
    }
    for object in world.of_kind("Ingress") {
        let said = said(object);
        let served = match &said {
            Some(said) => named(world, said, report),
            None => unnamed(world, object, report),
        };
        annotations(object, &served, report);
    }
    for object in world.of_kind("Service") {
        service(world, object, report);
    }
}

/// The class an ingress names.
struct Said<'a> {
    class: &'a str,
    place: Place<'a>,
    by_annotation: bool,
    words: String,
}

fn said<'a>(object: &'a Object<'a>) -> Option<Said<'a>> {
    let field = object.root.get("spec").and_then(|spec| spec.entry("ingressClassName"));
    let annotation = object.root.along(&["metadata", "annotations"]).and_then(|all| all.entry(ANNOTATION));
    let entry = annotation.or(field)?;
    Some(Said {
        class: entry.node.text()?,
        place: object.at(shown(entry)),
        by_annotation: annotation.is_some(),
        words: object.words(),
    })
}

fn named<'a>(world: &World<'_>, said: &Said<'_>, report: &mut Report) -> Served<'a> {
    let class = said.class;
    let in_files = world.of_kind("IngressClass").find(|object| object.name == class);
    if let Some(object) = in_files {
        let controller = object.root.along(&["spec", "controller"]).and_then(Node::text).unwrap_or_default();
        let Some(known) = CONTROLLERS.iter().find(|known| known.controller == controller) else {
            return Served::Unknown;
        };
        if !world.runs(known.images) {
            absent(known, said, report);
        }
        return Served::By(known);
    }
    if GKES.contains(&class) {
        gkes(world, said, report);
        return Served::ByGke;
    }
    let Some(known) = CONTROLLERS.iter().find(|known| known.class == class) else {
        let what = format!("{} is of class `{class}`, which no file has", said.words);
        let fix = "add the IngressClass and its controller to the workloads";
        report.warning(
            RULE,
            said.place,
            &Says::new(what, "without it the ingress gets no address, and nothing says so", fix),
        );
        return Served::Unknown;
    };
    if known.class == "alb" && world.provider() == Provider::Gke {
        let what = format!("{} is of class `alb`, and the cluster is on GKE", said.words);
        let says = Says::new(
            what,
            format!("load balancers of AWS are not to be had there: {NO_ADDRESS}"),
            "`gce`, or a controller of the files",
        );
        report.error(RULE, said.place, &says);
    } else if !world.runs(known.images) {
        absent(known, said, report);
    }
    Served::By(known)
}

fn absent(known: &Controller, said: &Said<'_>, report: &mut Report) {
    let what = format!("{} is of class `{}`, and no file runs {}", said.words, said.class, known.words);
    let fix = if known.class == "alb" {
        "add the controller to the workloads with a role for it (it is no add-on of EKS), or one that sits behind a Service of type LoadBalancer, such as Traefik"
    } else {
        "add the controller to the workloads, or name the class of one that is there"
    };
    report.warning(
        RULE,
        said.place,
        &Says::new(what, "until it runs, the ingress gets no address, and nothing says so", fix),
    );
}

fn gkes(world: &World<'_>, said: &Said<'_>, report: &mut Report) {
    if world.provider() != Provider::Gke {
        let what = format!("{} is of class `{}`, which is GKE's alone", said.words, said.class);
        let fix = "a class whose controller is among the workloads";
        report.error(RULE, said.place, &Says::new(what, NO_ADDRESS, fix));
    } else if !said.by_annotation {
        let what = format!("{} names GKE's class `{}` by `ingressClassName`", said.words, said.class);
        let why = format!("GKE has no IngressClass of that name and goes by the annotation: {NO_ADDRESS}");
        let fix = format!("the annotation `{ANNOTATION}: {}`, and the field left out", said.class);
        report.warning(RULE, said.place, &Says::new(what, why, fix));
    }
}

/// An ingress without a class is the default class's, or GKE's.
fn unnamed<'a>(world: &World<'_>, object: &Object<'_>, report: &mut Report) -> Served<'a> {
    if world.of_kind("IngressClass").any(|class| class.is_marked(DEFAULT_KEY)) {
        return Served::Unknown;
    }
    if world.provider() == Provider::Gke {
        return Served::ByGke;
    }
    let what = format!("{} names no class, and no class of the files is the default one", object.words());
    let why = format!("EKS has no controller of its own: {NO_ADDRESS}");
    let classes: Vec<&str> = world.of_kind("IngressClass").map(|class| class.name.as_str()).collect();
    let fix = match classes.as_slice() {
        [] => "`ingressClassName`, with that IngressClass and its controller among the workloads".to_owned(),
        some => format!("`ingressClassName: {}`", some.join("`, or `")),
    };
    report.warning(RULE, object.place_of(&["spec"]), &Says::new(what, why, fix));
    Served::Unknown
}

/// Annotations of a controller that is not the one that carries the ingress out.
fn annotations(object: &Object<'_>, served: &Served<'_>, report: &mut Report) {
    let own = match served {
        Served::By(known) => Some(known.annotations),
        Served::ByGke => None,
        Served::Unknown => return,
    };
    let all = object.root.along(&["metadata", "annotations"]).map(Node::entries).unwrap_or_default();
    let foreign = |key: &str| {
        CONTROLLERS.iter().find(|other| Some(other.annotations) != own && key.starts_with(other.annotations))
    };
    let mut others = all.iter().filter_map(|entry| Some((entry, foreign(&entry.key)?)));
    let Some((entry, other)) = others.next() else { return };
    let rest = others.count();
    let and_more = if rest == 0 { String::new() } else { format!(" and {rest} more") };
    let what =
        format!("{} has {}{and_more} for {}, which does not carry it out", object.words(), entry.key, other.words);
    let why = "nobody reads it: limits, redirects and rewrites that it asks for do not happen";
    let fix = "the settings of the controller that does, or leave it out";
    report.warning(RULE, object.at(entry.key_at), &Says::new(what, why, fix));
}

/// Load balancers that only the AWS Load Balancer Controller makes.
fn service(world: &World<'_>, object: &Object<'_>, report: &mut Report) {
    let Some(alb) = CONTROLLERS.iter().find(|known| known.class == "alb") else { return };
    if world.provider() != Provider::Eks || world.runs(alb.images) {
        return;
    }
    let class = object.root.get("spec").and_then(|spec| spec.entry("loadBalancerClass"));
    let class = class.filter(|entry| entry.node.text() == Some("service.k8s.aws/nlb"));
    let kind = "service.beta.kubernetes.io/aws-load-balancer-type";
    let kind = object.root.along(&["metadata", "annotations"]).and_then(|all| all.entry(kind));
    let kind = kind.filter(|entry| matches!(entry.node.text(), Some("external" | "nlb-ip")));
    let Some(entry) = class.or(kind) else { return };
    let what = format!("{} is left to the AWS Load Balancer Controller, and no file runs it", object.words());
    let why = "EKS's own controller keeps its hands off: the Service never gets an address";
    let fix = "leave it out, and a classic load balancer is made (`nlb` as the type: a network one), or add the controller to the workloads";
    report.warning(RULE, object.at(shown(entry)), &Says::new(what, why, fix));
}
