//! Acting for somebody else, as the headers `Impersonate-User` and `Impersonate-Group` ask.

use super::{Attributes, allows, refusal};
use crate::kube::failure::{Failure, Outcome};
use crate::kube::request::User;
use crate::kube::store::Store;

/// The user a request counts as, if who sends it may act for that user and for each of the groups.
pub(crate) fn act_for(store: &Store, by: &User, name: &str, groups: &[String]) -> Outcome<User> {
    let (User::Named { name: own, .. } | User::Admitted { name: own, .. } | User::Bound { name: own, .. }) = by else {
        return Ok(by.clone());
    };
    if name.is_empty() {
        return Err(Failure::internal(format!("requested {groups:?} without impersonating a user")));
    }
    let account = name.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':'));
    let wanted = |resource: &str, namespace: &str, name: &str| Attributes {
        verb: "impersonate".to_owned(),
        resource: resource.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        ..Attributes::default()
    };
    let whom = match account {
        Some((namespace, account)) => wanted("serviceaccounts", namespace, account),
        None => wanted("users", "", name),
    };
    for wanted in std::iter::once(whom).chain(groups.iter().map(|group| wanted("groups", "", group))) {
        if !allows(store, by, &wanted) {
            return Err(refusal(own, &wanted, &[]));
        }
    }
    let mut all = groups.to_vec();
    if let Some((namespace, _)) = account.filter(|_| groups.is_empty()) {
        all.extend(["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{namespace}")]);
    }
    if !all.iter().any(|group| group == "system:authenticated") {
        all.push("system:authenticated".to_owned());
    }
    Ok(User::Bound { name: name.to_owned(), groups: all })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> Store {
        Store::new("2026-11-21T04:00:00Z".parse().unwrap(), "v1.36.0")
    }

    fn bound(name: &str) -> User {
        User::Bound { name: name.to_owned(), groups: Vec::new() }
    }

    #[test]
    fn an_administrator_acts_for_accounts_and_their_groups() {
        let admin = User::Named { name: "admin".to_owned(), groups: Vec::new() };
        let User::Bound { name, groups } = act_for(&store(), &admin, "system:serviceaccount:team:ci", &[]).unwrap()
        else {
            panic!("nobody acts for more than roles allow");
        };
        assert_eq!(name, "system:serviceaccount:team:ci");
        assert_eq!(groups, ["system:serviceaccounts", "system:serviceaccounts:team", "system:authenticated"]);
    }

    #[test]
    fn nobody_acts_for_others_without_the_verb() {
        let refused = |name: &str, groups: &[String]| act_for(&store(), &bound("jane"), name, groups).unwrap_err();
        let failure = refused("admin", &[]);
        assert_eq!(
            (failure.code, failure.message.as_str()),
            (
                403,
                "users \"admin\" is forbidden: User \"jane\" cannot impersonate resource \"users\" in API group \"\" at the cluster scope"
            )
        );
        let failure = refused("system:serviceaccount:kube-system:x", &["system:masters".to_owned()]);
        assert!(
            failure.message.contains("resource \"serviceaccounts\" in API group \"\" in the namespace \"kube-system\"")
        );
        assert_eq!(refused("", &["dev".to_owned()]).code, 500);
    }
}
