//! The addresses of access control, and what is said of them.

use axum::routing::MethodFilter;
use domain::role::{MAX_DESCRIPTION_CHARS, MAX_NAME_CHARS};
use serde_json::{Value, json};
use service::users::USER_FIELDS;

use super::{ROLES, definitions, managed_objects, names, principals, roles};
use crate::netbackup::api::{Api, Operation, schema};

/// Approval is on, and too few people would be left who can decide.
const TOO_FEW_DECIDE: &[u16] = &[409];

pub(in crate::netbackup) fn api() -> Api {
    of_roles()
        .and(of_definitions())
        .and(of_people())
        .and(of_things())
}

fn of_roles() -> Api {
    let one = "/access-control/roles/{id}";
    let item = role(&schema::whole(&[
        ("name", schema::text()),
        ("description", schema::text()),
        ("isSystemDefined", schema::boolean()),
        (
            "accessDefinitions",
            schema::list(&names::access_definition()),
        ),
    ]));
    let answer = schema::one(&item);
    Api::new()
        .at(
            MethodFilter::GET,
            ROLES,
            roles::list,
            Operation::new("listRoles", "The roles").lists(roles::FIELDS, &item),
        )
        .at(
            MethodFilter::POST,
            ROLES,
            roles::create,
            Operation::new("createRole", "Make a role")
                .takes(schema::request(roles::KIND, &wanted()))
                .answers(201, &answer),
        )
        .at(
            MethodFilter::GET,
            one,
            roles::details,
            Operation::new("getRole", "A role")
                .path("id", &schema::id())
                .answers(200, &answer),
        )
        .at(
            MethodFilter::PUT,
            one,
            roles::update,
            Operation::new(
                "updateRole",
                "Replace a role's texts, and what it grants where the body says",
            )
            .path("id", &schema::id())
            .takes(schema::request_about(roles::KIND, &wanted()))
            .answers(200, &answer)
            .fails(TOO_FEW_DECIDE),
        )
        .at(
            MethodFilter::DELETE,
            one,
            roles::delete,
            Operation::new("deleteRole", "Delete a role that nobody holds")
                .path("id", &schema::id())
                .answers_nothing(204)
                .fails(&[409]),
        )
}

fn wanted() -> Value {
    let mut granted = schema::list(&names::wanted_definition());
    granted["minItems"] = 1.into();
    schema::wanted(
        1,
        &[
            ("name", schema::name_to(MAX_NAME_CHARS)),
            ("description", schema::text_to(MAX_DESCRIPTION_CHARS)),
            ("accessDefinitions", granted),
        ],
    )
}

fn role(attributes: &Value) -> Value {
    schema::resource(roles::KIND, attributes.clone())
}

fn definition() -> Value {
    schema::resource(
        definitions::KIND,
        schema::whole(&[
            ("namespace", names::namespace_schema()),
            ("operations", names::operations_schema()),
            ("propagation", schema::one_of(&[definitions::PROPAGATION])),
        ]),
    )
}

fn of_definitions() -> Api {
    let (list, one) = (
        "/access-control/roles/{id}/access-definitions",
        "/access-control/roles/{id}/access-definitions/{namespace}",
    );
    let (item, answer) = (definition(), schema::one(&definition()));
    let propagation = ("propagation", schema::one_of(&[definitions::PROPAGATION]));
    let operations = names::wanted_operations();
    let adding = schema::wanted(
        2,
        &[
            ("namespace", names::namespace_schema()),
            ("operations", operations.clone()),
            propagation.clone(),
        ],
    );
    let replacing = schema::wanted(
        1,
        &[
            ("operations", operations),
            ("namespace", names::namespace_schema()),
            propagation,
        ],
    );
    let named = |operation: Operation| {
        operation
            .path("id", &schema::id())
            .path("namespace", &names::namespace_schema())
    };
    Api::new()
        .at(
            MethodFilter::GET,
            list,
            definitions::list,
            Operation::new("listAccessDefinitions", "What a role grants")
                .path("id", &schema::id())
                .lists(definitions::FIELDS, &item),
        )
        .at(
            MethodFilter::POST,
            list,
            definitions::add,
            Operation::new("addAccessDefinition", "Grant more on one namespace")
                .path("id", &schema::id())
                .takes(schema::request(definitions::KIND, &adding))
                .answers(201, &answer),
        )
        .at(
            MethodFilter::GET,
            one,
            definitions::details,
            named(Operation::new(
                "getAccessDefinition",
                "What a role grants on one namespace",
            ))
            .answers(200, &answer),
        )
        .at(
            MethodFilter::PUT,
            one,
            definitions::replace,
            named(Operation::new("replaceAccessDefinition", "Replace it"))
                .takes(schema::request_about(definitions::KIND, &replacing))
                .answers(200, &answer)
                .fails(TOO_FEW_DECIDE),
        )
        .at(
            MethodFilter::DELETE,
            one,
            definitions::remove,
            named(Operation::new(
                "removeAccessDefinition",
                "Grant nothing there any more",
            ))
            .answers_nothing(204)
            .fails(TOO_FEW_DECIDE),
        )
}

fn of_people() -> Api {
    let held = "/access-control/roles/{id}/relationships/user-principals";
    let names = schema::whole(&[
        ("userName", schema::text()),
        ("userDomain", schema::text()),
        ("userDomainType", schema::domain_type()),
    ]);
    let principal = schema::resource(principals::KIND, names.clone());
    let kind = json!({ "type": "string", "const": principals::KIND });
    let mut wanted = schema::list(&schema::whole(&[("type", kind), ("id", schema::text())]));
    (wanted["minItems"], wanted["maxItems"]) = (1.into(), 100.into());
    let wanted = schema::whole(&[("data", wanted)]);
    Api::new()
        .at(
            MethodFilter::GET,
            held,
            principals::holders,
            Operation::new("listRoleHolders", "Who holds a role")
                .path("id", &schema::id())
                .lists(USER_FIELDS, &principal),
        )
        .at(
            MethodFilter::POST,
            held,
            principals::give,
            Operation::new("giveRole", "Give a role to users, all of them or none")
                .says("A user's id is domain:user:domainType:userId; the userId may be left out.")
                .path("id", &schema::id())
                .takes(wanted.clone())
                .answers_nothing(204),
        )
        .at(
            MethodFilter::DELETE,
            held,
            principals::take,
            Operation::new(
                "takeRole",
                "Take a role from users, from all of them or none",
            )
            .path("id", &schema::id())
            .takes(wanted)
            .answers_nothing(204)
            .fails(TOO_FEW_DECIDE),
        )
        .at(
            MethodFilter::GET,
            "/access-control/user-principals",
            principals::list,
            Operation::new("listUserPrincipals", "Everybody").lists(USER_FIELDS, &principal),
        )
        .at(
            MethodFilter::GET,
            "/rbac/identities",
            principals::identities,
            Operation::new("findIdentities", "Find users")
                .lists(USER_FIELDS, &schema::resource(principals::IDENTITY, names)),
        )
}

fn of_things() -> Api {
    let path = "/access-control/managed-objects/{objectId}/access-definitions";
    let operation = schema::resource(
        definitions::OPERATION,
        schema::whole(&[("namespaces", schema::list(&schema::text()))]),
    );
    let related = |kind: &str| {
        let kind = json!({ "type": "string", "const": kind });
        schema::whole(&[("type", kind), ("id", schema::text())])
    };
    let mut operations = schema::list(&related(definitions::OPERATION));
    operations["minItems"] = 1.into();
    let relationships = schema::whole(&[
        ("role", schema::whole(&[("data", related(roles::KIND))])),
        ("operations", schema::whole(&[("data", operations)])),
    ]);
    let attributes = schema::wanted(
        0,
        &[("propagation", schema::one_of(&[definitions::PROPAGATION]))],
    );
    let data = schema::wanted(
        2,
        &[
            (
                "type",
                json!({ "type": "string", "const": definitions::KIND }),
            ),
            ("relationships", relationships),
            ("attributes", attributes),
        ],
    );
    Api::new()
        .at(
            MethodFilter::GET,
            "/access-control/operations",
            definitions::operations,
            Operation::new("listOperations", "What can be granted, and where")
                .lists(definitions::OPERATION_FIELDS, &operation),
        )
        .at(
            MethodFilter::GET,
            path,
            managed_objects::list,
            Operation::new("listObjectAccess", "What roles grant on a namespace")
                .path("objectId", &names::namespace_schema())
                .lists(definitions::FIELDS, &definition()),
        )
        .at(
            MethodFilter::POST,
            path,
            managed_objects::add,
            Operation::new("addObjectAccess", "Grant a role more on a namespace")
                .path("objectId", &names::namespace_schema())
                .takes(schema::whole(&[("data", data)]))
                .answers(201, &schema::one(&definition())),
        )
}
