//! `berth iam`: the rights that suffice, as a custom role of Google Cloud or as policies of AWS; needs no cloud.

use std::collections::BTreeSet;
use std::path::PathBuf;

use berth_core::iam::{self, EksNeed, GkeNeed, KindUse, Purpose};
use berth_core::manifests::workloads::prepare;
use berth_core::spec::Provider;
use berth_report::table::{self, Align, Column};
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use serde_json::{Value, json};

use crate::commands::ProviderArg;
use crate::failure::{Exit, Failure};
use crate::ui::Ui;
use crate::{spec_file, workload_files, workloads};

#[derive(Debug, Args)]
pub(crate) struct IamArgs {
    /// Cloud to print rights for; instead of the one the file names
    #[arg(long, value_enum, required_unless_present = "file")]
    provider: Option<ProviderArg>,
    /// Take cloud and kinds of workloads from this spec; without one, workloads of the usual kinds are assumed
    ///
    /// Kinds that only an earlier version of the file has are not among them: taking these away takes the rights of that version.
    #[arg(long, short, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Commands that are to be allowed; may be given many times; all of them if never
    #[arg(long = "for", value_name = "COMMAND", value_parser = purposes())]
    purposes: Vec<Purpose>,
    /// Print the table of rights with what each is for, instead of the role or policy
    #[arg(long)]
    explain: bool,
    /// Print only this one of several policies, counted from 1: IAM takes 6,144 characters in each
    #[arg(long, value_name = "NUMBER")]
    part: Option<usize>,
}

/// The commands that can be allowed, by their words.
fn purposes() -> impl TypedValueParser<Value = Purpose> {
    let words = Purpose::ALL.map(|purpose| PossibleValue::new(purpose.word()).help(purpose.about()));
    PossibleValuesParser::new(words).try_map(|word| word.parse::<Purpose>())
}

pub(crate) fn run(args: &IamArgs, ui: &Ui) -> Result<Exit, Failure> {
    let wish = Wish::read(args, ui)?;
    match wish.provider {
        Provider::Gke if args.part.is_some() => Err(Failure::refused("a role of Google Cloud has one part")),
        Provider::Gke => {
            gke(&wish, args.explain, ui);
            Ok(Exit::Done)
        }
        Provider::Eks => eks(&wish, args, ui),
        Provider::Existing => Err(Failure::refused("a cluster that stands already takes no rights on a cloud")
            .hint("berth does there what the user of the kubeconfig's context may do")),
    }
}

/// What rights are wanted for.
struct Wish {
    provider: Provider,
    purposes: BTreeSet<Purpose>,
    kinds: BTreeSet<KindUse>,
}

impl Wish {
    fn read(args: &IamArgs, ui: &Ui) -> Result<Self, Failure> {
        let mut purposes: BTreeSet<Purpose> = args.purposes.iter().copied().collect();
        if purposes.is_empty() {
            purposes.extend(Purpose::ALL);
        }
        let given = args.provider.map(Provider::from);
        let Some(file) = &args.file else {
            let kinds = KindUse::usual();
            return Ok(Self { provider: given.unwrap_or(Provider::Gke), purposes, kinds });
        };
        let checked = spec_file::load(file, given, ui)?;
        let files = workload_files::read(&checked.workloads)?;
        let name = &checked.spec.name;
        let prepared = prepare(name, &files, Vec::new()).map_err(|findings| workloads::refused(&findings))?;
        let references = prepared.objects.iter().map(berth_core::actions::kube::Manifest::reference);
        let mut kinds: BTreeSet<KindUse> =
            references.map(|object| KindUse::of(&object.api_version, &object.kind)).collect();
        if !checked.spec.secrets.is_empty() {
            kinds.insert(KindUse::of("v1", "Secret"));
        }
        if !kinds.is_empty() {
            kinds.extend(KindUse::of_record());
        }
        if checked.spec.quotas.is_some() {
            kinds.extend(KindUse::of_quotas());
        }
        Ok(Self { provider: checked.spec.cloud.provider(), purposes, kinds })
    }

    fn words(&self) -> Vec<&'static str> {
        self.purposes.iter().map(|purpose| purpose.word()).collect()
    }
}

fn gke(wish: &Wish, explain: bool, ui: &Ui) {
    let needs = iam::gke_needs(&wish.purposes, &wish.kinds);
    let names: Vec<&str> = needs.iter().map(|need| need.permission.as_str()).collect();
    let role = json!({
        "title": "berth", "description": format!("What berth needs for {}", wish.words().join(", ")), "stage": "GA",
        "includedPermissions": names,
    });
    let rights: Vec<Value> = needs.iter().map(gke_right).collect();
    ui.report(&json!({"provider": "gke", "for": wish.words(), "role": role, "rights": rights}), || {
        if explain { gke_table(&needs) } else { iam::role(&wish.purposes, &needs).trim_end().to_owned() }
    });
    if !ui.is_json() && !explain {
        ui.talk(
            "Save it as role.yaml; then:\n    gcloud iam roles create berth --project PROJECT --file role.yaml\n\
             iam.serviceAccounts.actAs is better granted on the nodes' service account alone",
        );
    }
}

fn gke_right(need: &GkeNeed) -> Value {
    json!({"right": need.permission, "why": need.why, "onlyIf": need.road})
}

fn gke_table(needs: &[GkeNeed]) -> String {
    let rows = needs.iter().map(|need| {
        let why: Vec<&str> = need.why.iter().map(String::as_str).collect();
        vec![need.permission.clone(), why.join("; "), need.road.clone().unwrap_or_else(|| "always".to_owned())]
    });
    table::text(&columns("PERMISSION"), rows)
}

fn columns(first: &'static str) -> [Column; 3] {
    [first, "FOR", "WHEN"].map(|name| Column(name, Align::Left))
}

fn eks(wish: &Wish, args: &IamArgs, ui: &Ui) -> Result<Exit, Failure> {
    let needs = iam::eks_needs(&wish.purposes);
    let mut policies = iam::documents(&needs);
    let count = policies.len();
    if let Some(part) = args.part {
        let chosen = part.checked_sub(1).and_then(|index| policies.get(index).cloned());
        let chosen =
            chosen.ok_or_else(|| Failure::refused(format!("there are {count} policies, and no number {part}")))?;
        policies = vec![chosen];
    }
    let rights: Vec<Value> = needs.iter().flat_map(eks_rights).collect();
    ui.report(&json!({"provider": "eks", "for": wish.words(), "policies": policies, "rights": rights}), || {
        match policies.as_slice() {
            _ if args.explain => eks_table(&needs),
            [only] => format!("{only:#}"),
            all => format!("{:#}", Value::from(all.to_vec())),
        }
    });
    if !ui.is_json() && !args.explain {
        ui.talk(&match policies.len() {
            1 => "Save it as policy.json; then:\n    aws iam create-policy --policy-name berth --policy-document file://policy.json"
                .to_owned(),
            count => format!("{count} policies, because IAM takes {} characters in each; --part 1 prints the first", iam::POLICY_LIMIT),
        });
    }
    Ok(Exit::Done)
}

fn eks_rights(need: &EksNeed) -> Vec<Value> {
    let road = Some(need.road).filter(|road| !road.is_empty());
    let right = |action: &&str| json!({"right": action, "on": need.resources, "why": need.why, "onlyIf": road});
    need.actions.iter().map(right).collect()
}

fn eks_table(needs: &[EksNeed]) -> String {
    let rows = needs.iter().flat_map(|need| {
        let road = if need.road.is_empty() { "always" } else { need.road };
        need.actions.iter().map(move |action| vec![(*action).to_owned(), need.why.to_owned(), road.to_owned()])
    });
    table::text(&columns("ACTION"), rows)
}
