-- Elasticsearch and OpenSearch: _bulk, documents one by one, a search for terms.
-- elastic.co/guide: bulk API, mapping (2026). Each line of a bulk is answered for itself; HTTP 200 with errors=true.
local function store_of(index) return records(index) end
local function error_of(status, kind, reason) return { status = status, error = { type = kind, reason = reason, root_cause = list { { type = kind, reason = reason } } } } end
vendor {
  refusal = function(status, why)
    local kinds = { [401] = "security_exception", [404] = "resource_not_found_exception", [413] = "content_too_long_exception", [429] = "es_rejected_execution_exception" }
    return error_of(status, kinds[status] or "illegal_argument_exception", why or "The request was refused")
  end,
  login = function(request)
    local key = (request.headers.authorization or ""):match("^ApiKey (.+)$")
    if token_problem(key or bearer(request) or select(2, basic(request))) then refuse_with(401, "missing authentication credentials") end
  end,
}
local types = {}
-- A field keeps the type of its first value.
local function mapping_problem(index, document)
  for name, value in sorted(document) do
    local key = index .. "." .. name
    local kind = type(value)
    if value ~= null and kind ~= "table" then
      types[key] = types[key] or kind
      if types[key] == "number" and kind ~= "number" then return ("failed to parse field [%s] of type [long]"):format(name) end
    end
  end
end
local function laid(index, known, id, document)
  local store = store_of(index)
  if not known then return store:create(document, id), "created", 201 end
  store:update(known, document)
  known.version = (known.version or 1) + 1
  return known, "updated", 200
end
local function act(operation, index, id, line)
  local store = store_of(index)
  local known = id and store:get(id)
  local base = { _index = index, _id = id }
  local function failed(status, kind, reason) return merge(base, { status = status, error = { type = kind, reason = reason, index = index } }) end
  if operation == "delete" then
    if known then store:delete(known) end
    return merge(base, { status = known and 200 or 404, result = known and "deleted" or "not_found" })
  end
  local document = operation == "update" and (line.doc or line.upsert) or line
  if type(document) ~= "table" then return failed(400, "mapper_parsing_exception", "failed to parse") end
  if operation == "create" and known then return failed(409, "version_conflict_engine_exception", ("[%s]: version conflict, document already exists"):format(id)) end
  if operation == "update" and not known and not line.doc_as_upsert and not line.upsert then
    return failed(404, "document_missing_exception", ("[%s]: document missing"):format(id))
  end
  local wrong = mapping_problem(index, document)
  if wrong then return failed(400, "document_parsing_exception", wrong) end
  if chosen(tostring(id)) then return failed(400, "document_parsing_exception", "refused by the sandbox") end
  if operation == "index" and known then
    for name in pairs(known.fields) do if document[name] == nil then document[name] = null end end
  end
  local record, result, status = laid(index, known, id or hex(20), document)
  return merge(base, { _id = tostring(record.id), status = status, result = result, _version = record.version or 1, _seq_no = next_id("seq") - 1, _primary_term = 1,
    _shards = { total = 2, successful = 1, failed = 0 } })
end
local function bulk(request, default)
  if not (request.headers["content-type"] or ""):find("ndjson") and not (request.headers["content-type"] or ""):find("json") then
    refuse_with(400, "Content-Type must be application/x-ndjson")
  end
  if request.body:sub(-1) ~= "\n" then refuse_with(400, "The bulk request must be terminated by a newline [\\n]") end
  local lines, items, errors, place = request:lines(), list {}, false, 1
  while place <= #lines do
    local operation, target = next(lines[place])
    if type(target) ~= "table" or not ({ index = 1, create = 1, update = 1, delete = 1 })[operation] then refuse_with(400, "Malformed action/metadata line [" .. place .. "]") end
    local has_line = operation ~= "delete"
    local one = act(operation, target._index or default or refuse_with(400, "index is missing"), target._id, has_line and lines[place + 1] or nil)
    errors = errors or one.error ~= nil
    request.rejected = request.rejected + (one.error and 1 or 0)
    items[#items + 1] = { [operation] = one }
    place = place + (has_line and 2 or 1)
  end
  request.rows = #items
  return 200, { took = 1, errors = errors, items = items }
end
route("POST /_bulk", { bytes = 100 << 20 }, bulk)
route("PUT /_bulk", { bytes = 100 << 20 }, bulk)
route("POST /{index}/_bulk", { bytes = 100 << 20 }, bulk)
route("GET /", function() return 200, { name = "sandbox", cluster_name = "sandbox", version = { number = "8.15.0" }, tagline = "You Know, for Search" } end)
route("POST /{index}/_search", function(request, index)
  local body, hits = request:json(), list {}
  local given = body.query and (body.query.terms or body.query.term)
  local from, size = body.from or 0, body.size or 10
  local found = {}
  if given then
    local field, values = next(given)
    for _, value in ipairs(type(values) == "table" and #values > 0 and values or { values }) do
      for _, record in ipairs(store_of(index):search(field:gsub("%.keyword$", "") .. "", value)) do found[#found + 1] = record end
    end
  else
    for record in store_of(index):each() do found[#found + 1] = record end
  end
  for place = from + 1, math.min(#found, from + size) do hits[#hits + 1] = { _index = index, _id = tostring(found[place].id), _score = 1, _source = found[place].fields } end
  return 200, { took = 1, timed_out = false, hits = { total = { value = #found, relation = "eq" }, max_score = 1, hits = hits } }
end)
local function single(operation)
  return function(request, index, id)
    request.rows = 1
    local one = act(operation, index, id, operation ~= "delete" and request:json() or nil)
    request.rejected = one.error and 1 or 0
    return one.status, one
  end
end
route("PUT /{index}/_doc/{id}", single("index"))
route("POST /{index}/_doc", single("index"))
route("POST /{index}/_update/{id}", single("update"))
route("DELETE /{index}/_doc/{id}", single("delete"))
route("GET /{index}/_doc/{id}", function(_, index, id)
  local known = store_of(index):get(id)
  return known and 200 or 404, { _index = index, _id = id, found = known ~= nil, _source = known and known.fields or nil }
end)
route("POST /{index}/_mget", function(request, index)
  local ids, docs = request:json().ids, list {}
  if type(ids) ~= "table" or #ids == 0 then refuse_with(400, "Validation Failed: 1: no documents to get;") end
  for _, id in ipairs(ids) do
    local known = store_of(index):get(id)
    docs[#docs + 1] = { _index = index, _id = id, found = known ~= nil, _source = known and known.fields or nil }
  end
  return 200, { docs = docs }
end)
route("GET /{index}/_mapping", function(_, index)
  local properties = {}
  for key, kind in pairs(types) do
    local name = key:match("^" .. index:gsub("%p", "%%%0") .. "%.(.*)$")
    if name then properties[name] = { type = kind == "number" and "long" or kind == "boolean" and "boolean" or "text" } end
  end
  return 200, { [index] = { mappings = { properties = properties } } }
end)
