"""The vendors' own API descriptions (../shared/contracts beside the repository), and where they are known to be wrong.

`files`: (file, path that it is for, what it leaves out of the path); the first whose path fits judges a request.
`noticed`: requests that it must find wrong, else a pass would mean nothing: (method, path, body).
`wrong`: violations that are none, as patterns; each with the reason. They are few, and are to stay so.
`lacks`: requests of our connectors, as `METHOD path`, that it does not have though the vendor's documentation does; they go
past it. Any other that no file is for is a violation.
`refusal`: how a reply looks that refuses with the status of a success.
"""
from typing import NamedTuple


class Described(NamedTuple):
    files: tuple
    noticed: tuple
    wrong: tuple = ()
    lacks: tuple = ()
    refusal: str = "$^"


SALESFORCE = "/services/data/v62.0"

DESCRIBED = {
    "airtable": Described(
        (("airtable/records.transcribed.openapi.json", "^/v0/app", "/v0"),),
        (("PATCH", "/v0/app1/People", {"performUpsert": {"fieldsToMergeOn": []}, "records": []}),),
        # airtable.com/developers/web/api/list-records has the form with a body, for what no address can hold.
        # The transcript leaves out removals, and lists of records by their address.
        lacks=("^POST /v0/app1/People/listRecords", "^DELETE /v0/app1/People", "^GET /v0/app1/People")),
    "amplitude": Described(
        (("amplitude/http-v2.openapi.yml", "^/2/httpapi", ""), ("amplitude/identify.openapi.yml", "^/identify", "")),
        (("POST", "/2/httpapi", {"events": "none"}),),
        # The same body as /2/httpapi, and a form like that of /identify: amplitude.com/docs/apis/analytics.
        lacks=("^POST /batch", "^POST /groupidentify")),
    "attio": Described(
        (("attio/attio-records-lists.openapi.json", "^/v2/(objects|lists)/", ""),),
        (("PUT", "/v2/objects/people/records?matching_attribute=email_addresses", {"data": "none"}),),
        # A single value need not stand in a list, nor need null: docs.attio.com/docs/attribute-types.
        (r"body\.data\.values\.\w+ must be array", r"property data\.values\.\w+ must be array")),
    "braze": Described(
        (("braze/braze.openapi.yml", "^/", ""),),
        (("POST", "/users/track", {"attributes": "none"}),)),
    "customerio": Described(
        (("customerio/track-api.openapi.json", "^/api/", ""),),
        (("POST", "/api/v2/batch", {"batch": "none"}),)),
    "google_ads": Described(
        (("google_ads/data_manager_v1.openapi.json", "^/v1/", ""),),
        (("POST", "/v1/audienceMembers:ingest", {"audienceMembers": [], "oops": 1}),),
        lacks=("^POST /token",)),  # Google's tokens: developers.google.com/identity/protocols/oauth2
    "google_ads_jobs": Described(
        (("google_ads/customer_match_v24.openapi.json", "^/v24/", ""),),
        (("POST", "/v24/customers/1/offlineUserDataJobs:create", {"oops": 1}),),
        lacks=("^POST /token",)),
    "google_sheets": Described(
        (("google_sheets/sheets-v4.openapi.json", "^/v4/", ""),),
        (("POST", "/v4/spreadsheets/s1/values:batchUpdate", {"data": "none"}),),
        lacks=("^POST /token",)),
    "hubspot": Described(
        (("hubspot/crm.lists.memberships.v3.json", "^/crm/v3/lists/", ""), ("hubspot/crm.associations.v4.json", "^/crm/v4/associations/", ""),
         ("hubspot/crm.objects.v3.json", "^/crm/v3/objects/", ""), ("hubspot/crm.properties.v3.json", "^/crm/v3/properties/", "")),
        (("PUT", "/crm/v3/lists/7/memberships/add", {"ids": 5}),
         ("POST", "/crm/v4/associations/contacts/companies/batch/associate/default", {"inputs": 5})),
        # Of this one request the form of a mixed outcome (207) is left out; that of batch/create is the service's.
        (r"^response\.body: Response body must have required property '(category|correlationId|message)'$",)),
    "intercom": Described(
        (("intercom/api.intercom.io.2.14.json", "^/", ""),),
        (("POST", "/contacts", {"email": 5}),),
        # The service sends null for a contact without an address.
        (r"body(.data.\d+)?.email must be string", r"property (data.\d+.)?email must be string")),
    "iterable": Described(
        (("iterable/iterable-client-schemas.openapi.json", "^/api/", ""),),
        (("POST", "/api/users/bulkUpdate", {"users": "none"}),),
        # The client knows fewer lists of failed updates than the service sends.
        ("failedUpdates must NOT have additional properties",)),
    "klaviyo": Described(
        (("klaviyo/stable.profiles.json", "^/api/profile", ""), ("klaviyo/stable.lists.json", "^/api/lists", ""),
         ("klaviyo/stable.events.json", "^/api/event", "")),
        (("POST", "/api/profile-import", {"data": {"type": "shoe"}}),),
        # The service sends null where there is no further page.
        (r"links\.(next|prev) must be string",)),
    "marketo": Described(
        (("marketo/swagger-mapi.json", "^/(rest|bulk)/", ""), ("marketo/swagger-identity.json", "^/identity/", "")),
        (("POST", "/rest/v1/leads.json", {"action": 5, "input": "none"}),),
        # All replies are said to have errors and warnings, also when there are none; records of custom objects to be
        # sent with the ids that only the reply brings.
        ("required property '(errors|warnings|nextPageToken|moreResult|marketoGUID|seq|reasons|fields|searchableFields)'",
         # Members to remove stand in the address or in the body; both are said to be needed.
         "^request.query.*required property 'id'",
         # Failures of an import are said to be JSON, and are CSV.
         '"text/csv" does not match', "Response body must be object"),
        # Look-ups whose address would be too long: experienceleague.adobe.com, "REST API: leads", `_method=GET`.
        lacks=(r"_method=GET",), refusal=r'"success":\s*false'),
    "meta": Described(
        (("meta/custom_audience.openapi.json", "^/v25.0/", ""),),
        (("POST", "/v25.0/77/usersreplace", {"payload": {}}),),
        # What is known of an audience: developers.facebook.com, "Custom Audience", reading.
        lacks=("^GET /v25.0/77$",)),
    "mixpanel": Described(
        (("mixpanel/ingestion.routable.openapi.json", "^/(import|engage|groups)", ""),),
        (("POST", "/import?strict=1&project_id=1", {"oops": 1}),),
        # Profiles need no login, which Prism takes for a wrong one. The reply to `verbose=1`, JSON, is only told of in the
        # parameter's own words.
        ("Invalid security scheme used", '"application/json;charset=utf-8" does not match .*text/plain',
         "Response body must be (integer|equal to one of the allowed values: 1, 0)",
         # Of the operations of /engage only the one that sets could be kept: the others differ in a #fragment.
         r"required property '\$set'")),
    "notion": Described(
        (("notion/notion.openapi.json", "^/v1/", ""),),
        (("POST", "/v1/pages", {"parent": 5}),),
        # Pages are made in data sources since version 2025-09-03: developers.notion.com/reference/post-page.
        (r"body\.parent\b",)),
    "salesforce": Described(
        (("salesforce/bulk2_ingest.openapi.yaml", f"^{SALESFORCE}/jobs/ingest", SALESFORCE),
         ("salesforce/sobjects.transcribed.openapi.json", f"^{SALESFORCE}/(composite|sobjects/|query|limits)", SALESFORCE)),
        (("POST", f"{SALESFORCE}/composite/sobjects", {"records": [{"LastName": "x"}]}),
         ("POST", f"{SALESFORCE}/jobs/ingest", {"operation": "merge"})),
        # The service gives a path there, without a host.
        ("contentUrl.*uri",),
        # A job is removed when its results are known ("Delete a Job", Bulk API 2.0); tokens have a page of their own.
        lacks=("^DELETE .*/jobs/ingest/", "^POST /services/oauth2/token")),
    "segment": Described(
        (("customerio/pipelines-api.openapi.json", "^/v1/(batch|identify|track)", "/v1"),),
        (("POST", "/v1/batch", {"batch": "none"}),),
        # A track with a user id fits two of the schemas of which exactly one is to fit.
        (r"^request\.body\.batch\.\d",)),
    "sendgrid": Described(
        (("sendgrid/tsg_mc_contacts_v3.json", "^/v3/marketing/contacts", ""), ("sendgrid/tsg_mail_v3.json", "^/v3/mail", ""),
         ("sendgrid/tsg_mc_lists_v3.json", "^/v3/marketing/lists", "")),
        (("PUT", "/v3/marketing/contacts", {"contacts": "none"}),),
        # Of a deletion; the description's own example shows a text.
        ("job_id must be object",)),
    "slack": Described(
        (("slack/slack_web_openapi_v2.json", "^/api/", "/api"),),
        (("GET", "/api/conversations.list?limit=many", None),),
        # Failures are said to come under another status than the 200 with which they come.
        refusal=r'"ok":\s*false'),
    "stripe": Described(
        (("stripe/stripe.billing.openapi.json", "^/v1/", ""),),
        (("POST", "/v1/customers", {"email": "json@x.example"}),),
        # Prism makes empty objects of what a form does not have.
        ("default_price_data", "package_dimensions")),
    "twilio": Described(
        (("twilio/twilio_api_v2010.openapi.json", "^/2010-04-01/", ""),),
        (("POST", "/2010-04-01/Accounts/AC00000000000000000000000000000001/Messages.json", {"To": "json"}),)),
    "zendesk": Described(
        (("zendesk/support.oas.yaml", "^/api/v2/", ""),),
        (("GET", "/api/v2/tickets/show_many", None),),
        # Tickets need a comment, says the description; a description will do for the service. Ids to delete are no objects.
        ("required property 'comment'", r"job\.items\.\d must be object")),
}
