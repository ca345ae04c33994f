#include "sandbox/hubspot/standard.h"

#include "base/result.h"

namespace penstock::sandbox::hubspot {
namespace {

constexpr StandardObject kObjects[] = {
    {"contacts", "0-1", "Contact"},
    {"companies", "0-2", "Company"},
    {"deals", "0-3", "Deal"},
    {"tickets", "0-5", "Ticket"},
    {"products", "0-7", "Product"},
    {"line_items", "0-8", "Line_Item"},
    {"quotes", "0-14", "Quote"},
    {"communications", "0-18", "Communication"},
    {"tasks", "0-27", "Task"},
    {"notes", "0-46", "Note"},
    {"meetings", "0-47", "Meeting"},
    {"calls", "0-48", "Call"},
    {"emails", "0-49", "Email"},
    {"invoices", "0-53", "Invoice"},
    {"subscriptions", "0-69", "Subscription"},
    {"orders", "0-123", "Order"},
    {"leads", "0-136", "Lead"},
    {"carts", "0-142", "Cart"},
    {"services", "0-162", "Service"},
};

struct Standard {
  std::string_view name;
  std::string_view label;
  std::string_view type;
  std::string_view field_type;
  std::string_view options = {};  // separated by |
};

constexpr std::string_view kStages =
    "subscriber|lead|marketingqualifiedlead|salesqualifiedlead|opportunity|customer|evangelist|other";
constexpr std::string_view kLeadStatus =
    "NEW|OPEN|IN_PROGRESS|OPEN_DEAL|UNQUALIFIED|ATTEMPTED_TO_CONTACT|CONNECTED|BAD_TIMING";

constexpr Standard kContacts[] = {
    {"email", "Email", "string", "text"},
    {"firstname", "First Name", "string", "text"},
    {"lastname", "Last Name", "string", "text"},
    {"phone", "Phone Number", "string", "phonenumber"},
    {"mobilephone", "Mobile Phone Number", "string", "phonenumber"},
    {"company", "Company Name", "string", "text"},
    {"website", "Website URL", "string", "text"},
    {"jobtitle", "Job Title", "string", "text"},
    {"salutation", "Salutation", "string", "text"},
    {"address", "Street Address", "string", "text"},
    {"city", "City", "string", "text"},
    {"state", "State/Region", "string", "text"},
    {"zip", "Postal Code", "string", "text"},
    {"country", "Country/Region", "string", "text"},
    {"industry", "Industry", "string", "text"},
    {"annualrevenue", "Annual Revenue", "string", "text"},
    {"message", "Message", "string", "textarea"},
    {"date_of_birth", "Date of Birth", "string", "text"},
    {"lifecyclestage", "Lifecycle Stage", "enumeration", "radio", kStages},
    {"hs_lead_status", "Lead Status", "enumeration", "radio", kLeadStatus},
    {"hs_language", "Preferred language", "string", "text"},
    {"hs_timezone", "Time Zone", "string", "text"},
    {"hs_whatsapp_phone_number", "WhatsApp Phone Number", "string", "phonenumber"},
    {"hubspot_owner_id", "Contact owner", "string", "text"},
    {"closedate", "Close Date", "datetime", "date"},
};
constexpr Standard kCompanies[] = {
    {"name", "Company name", "string", "text"},
    {"domain", "Company Domain Name", "string", "text"},
    {"website", "Website URL", "string", "text"},
    {"phone", "Phone Number", "string", "phonenumber"},
    {"description", "Description", "string", "textarea"},
    {"address", "Street Address", "string", "text"},
    {"city", "City", "string", "text"},
    {"state", "State/Region", "string", "text"},
    {"zip", "Postal Code", "string", "text"},
    {"country", "Country/Region", "string", "text"},
    {"industry", "Industry", "string", "text"},
    {"annualrevenue", "Annual Revenue", "number", "number"},
    {"numberofemployees", "Number of Employees", "number", "number"},
    {"founded_year", "Year Founded", "string", "text"},
    {"is_public", "Is Public", "bool", "booleancheckbox", "true|false"},
    {"type", "Type", "enumeration", "radio", "PROSPECT|PARTNER|RESELLER|VENDOR|OTHER"},
    {"lifecyclestage", "Lifecycle Stage", "enumeration", "radio", kStages},
    {"hs_lead_status", "Lead Status", "enumeration", "radio", kLeadStatus},
    {"hubspot_owner_id", "Company owner", "string", "text"},
};
constexpr Standard kDeals[] = {
    {"dealname", "Deal Name", "string", "text"},
    {"amount", "Amount", "number", "number"},
    {"dealstage", "Deal Stage", "enumeration", "radio",
     "appointmentscheduled|qualifiedtobuy|presentationscheduled|decisionmakerboughtin|contractsent|closedwon|"
     "closedlost"},
    {"pipeline", "Pipeline", "enumeration", "select", "default"},
    {"closedate", "Close Date", "datetime", "date"},
    {"dealtype", "Deal Type", "enumeration", "radio", "newbusiness|existingbusiness"},
    {"hs_priority", "Priority", "enumeration", "select", "low|medium|high"},
    {"deal_currency_code", "Currency", "string", "text"},
    {"description", "Deal Description", "string", "textarea"},
    {"hubspot_owner_id", "Deal owner", "string", "text"},
};
constexpr Standard kTickets[] = {
    {"subject", "Ticket name", "string", "text"},
    {"content", "Ticket description", "string", "textarea"},
    {"hs_pipeline", "Pipeline", "enumeration", "select", "0"},
    {"hs_pipeline_stage", "Ticket status", "enumeration", "select", "1|2|3|4"},
    {"hs_ticket_priority", "Priority", "enumeration", "select", "LOW|MEDIUM|HIGH|URGENT"},
    {"hs_ticket_category", "Category", "enumeration", "checkbox",
     "PRODUCT_ISSUE|BILLING_ISSUE|FEATURE_REQUEST|GENERAL_INQUIRY"},
    {"source_type", "Source", "enumeration", "select", "CHAT|EMAIL|FORM|PHONE"},
    {"hubspot_owner_id", "Ticket owner", "string", "text"},
};
constexpr Standard kProducts[] = {
    {"name", "Name", "string", "text"},
    {"description", "Product description", "string", "textarea"},
    {"price", "Unit price", "number", "number"},
    {"hs_sku", "SKU", "string", "text"},
    {"hs_cost_of_goods_sold", "Unit cost", "number", "number"},
    {"hs_recurring_billing_period", "Term", "string", "text"},
    {"hs_url", "URL", "string", "text"},
};
constexpr Standard kLineItems[] = {
    {"name", "Name", "string", "text"},           {"description", "Description", "string", "textarea"},
    {"quantity", "Quantity", "number", "number"}, {"price", "Unit price", "number", "number"},
    {"amount", "Net price", "number", "number"},  {"discount", "Unit discount", "number", "number"},
    {"hs_sku", "SKU", "string", "text"},          {"hs_product_id", "Product ID", "number", "number"},
};

struct ObjectProperties {
  std::string_view object;
  std::span<const Standard> properties;
  std::string_view in_replies;  // separated by |
};
constexpr ObjectProperties kByObject[] = {
    {"contacts", kContacts, "email|firstname|lastname"},
    {"companies", kCompanies, "name|domain"},
    {"deals", kDeals, "dealname|amount|dealstage|closedate|pipeline"},
    {"tickets", kTickets,
     "subject|content|hs_pipeline|hs_pipeline_stage|hs_ticket_priority|hs_ticket_category"},
    {"products", kProducts, "name|description|price"},
    {"line_items", kLineItems, "name|quantity|price|amount|hs_product_id"},
};

const ObjectProperties* find(std::string_view object) {
  for (const ObjectProperties& entry : kByObject) {
    if (entry.object == object) return &entry;
  }
  return nullptr;
}

std::vector<std::string> items_in(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const size_t bar = text.find('|');
    parts.emplace_back(text.substr(0, bar));
    text.remove_prefix(bar == std::string_view::npos ? text.size() : bar + 1);
  }
  return parts;
}

PropertyDefinition definition(std::string_view object, const Standard& standard) {
  PropertyDefinition made;
  made.name = standard.name;
  made.label = standard.label;
  made.group = std::string(object) + "information";
  made.type = standard.type;
  made.field_type = standard.field_type;
  const auto value_type = value_type_of(standard.type);
  check(value_type.has_value(), "a standard property of an unknown type");
  made.value_type = *value_type;
  for (const std::string& value : items_in(standard.options)) made.options.push_back({value, value});
  made.by_hubspot = true;
  made.is_email = made.unique = object == "contacts" && standard.name == "email";
  return made;
}

PropertyDefinition kept_by_hubspot(std::string_view object, const Standard& standard) {
  PropertyDefinition made = definition(object, standard);
  made.read_only = true;
  return made;
}

}  // namespace

std::span<const StandardObject> standard_objects() {
  return kObjects;
}

std::vector<PropertyDefinition> standard_properties(std::string_view object, std::string_view created,
                                                    std::string_view modified) {
  std::vector<PropertyDefinition> all;
  if (const ObjectProperties* entry = find(object)) {
    for (const Standard& standard : entry->properties) all.push_back(definition(object, standard));
  }
  // The date of creation may be written: imports carry it over from elsewhere.
  all.push_back(definition(object, {created, "Create Date", "datetime", "date"}));
  all.push_back(kept_by_hubspot(object, {modified, "Last Modified Date", "datetime", "date"}));
  all.push_back(kept_by_hubspot(object, {"hs_object_id", "Record ID", "number", "number"}));
  return all;
}

std::vector<std::string> standard_reply_properties(std::string_view object) {
  const ObjectProperties* entry = find(object);
  return entry == nullptr ? std::vector<std::string>() : items_in(entry->in_replies);
}

}  // namespace penstock::sandbox::hubspot
