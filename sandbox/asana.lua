-- Asana REST 1.0: tasks, projects, batch. developers.asana.com (2026). Bodies are {"data": ...}.
local tasks = records("tasks")

local function error_of(message) return { errors = list { { message = message, help = "For more information on API status codes see the documentation" } } } end
vendor {
  refusal = function(status, why)
    local texts = { [401] = "Not Authorized", [404] = "Unknown object", [429] = "You have made too many requests recently. Please, be chill." }
    return error_of(texts[status] or why or "The request was refused")
  end,
  limits = { "minute" },
  login = function(request) if token_problem(bearer(request)) then refuse_with(401) end end,
}
limit("minute", { rate = "150/1m" })

local function shown(task)
  return merge({ completed = false, notes = "", projects = list {} }, task.fields, { gid = task.id, resource_type = "task", resource_subtype = "default_task",
    created_at = iso(task.created), modified_at = iso(task.updated) })
end
local function data_of(body) return type(body) == "table" and type(body.data) == "table" and body.data or refuse_with(400, "Could not parse request data, invalid JSON") end
local function find(gid)
  local external = gid:match("^external:(.*)$")
  return external and tasks:find("external_gid", external) or tasks:get(gid) or refuse_with(404, "task: Unknown object: " .. gid)
end
local function fields_of(row, known)
  if not known and not (row.workspace or row.projects or row.parent) then refuse_with(400, "You should specify one of workspace, parent, projects") end
  if row.completed ~= nil and type(row.completed) ~= "boolean" then refuse_with(400, "completed: Not a boolean: " .. tostring(row.completed)) end
  if is_text(row.due_on) and not row.due_on:match("^%d%d%d%d%-%d%d%-%d%d$") then refuse_with(400, "due_on: Not a date: " .. row.due_on) end
  if chosen(tostring(row.name or "")) then refuse_with(400, "refused by the sandbox") end
  local external = type(row.external) == "table" and row.external.gid
  local held = external and tasks:find("external_gid", external)
  if held and held ~= known then refuse_with(403, "external: gid is already in use") end
  return merge(row, { external_gid = external or nil, custom_fields = row.custom_fields and merge(known and known.fields.custom_fields or {}, row.custom_fields) or nil })
end
local function act(method, path, data)
  local gid = path:match("^/tasks/([^/]+)$")
  if method == "POST" and path == "/tasks" then
    return 201, { data = shown(tasks:create(fields_of(data), ("12%014d"):format(next_id("gid")))) }
  elseif method == "PUT" and gid then
    local task = find(gid)
    return 200, { data = shown(tasks:update(task, fields_of(data, task))) }
  elseif method == "DELETE" and gid then
    tasks:delete(find(gid))
    return 200, { data = {} }
  elseif method == "GET" and gid then
    return 200, { data = shown(find(gid)) }
  end
  refuse_with(404, "No matching route for request")
end
-- Up to ten actions, each answered for itself.
route("POST /api/1.0/batch", function(request)
  local actions, results = data_of(request:json()).actions, list {}
  if type(actions) ~= "table" or #actions == 0 or #actions > 10 then refuse_with(400, "actions: between 1 and 10 actions are needed") end
  request.rows = #actions
  for place, one in ipairs(actions) do
    local fine, status, body = pcall(act, (one.method or "get"):upper(), one.relative_path or "", one.data or {})
    -- A refusal of one action is that action's answer.
    if not fine and type(status) ~= "table" then error(status, 0) end
    if not fine then status, body = status[1], status[2] end
    if status >= 400 then request.rejected = request.rejected + 1 end
    results[place] = { status_code = status, headers = {}, body = body }
  end
  return 200, results
end)
route("GET /api/1.0/workspaces/{workspace}/tasks/search", function(request)
  local found = list {}
  for _, task in ipairs(tasks:search("name", request.params.text or "")) do found[#found + 1] = shown(task) end
  return 200, { data = found }
end)
route("POST /api/1.0/tasks", function(request)
  request.rows, request.rejected = 1, 1
  local status, body = act("POST", "/tasks", data_of(request:json()))
  request.rejected = 0
  return status, body
end)
for _, method in ipairs { "GET", "PUT", "DELETE" } do
  route(method .. " /api/1.0/tasks/{gid}", function(request, gid)
    request.rows = method == "GET" and 0 or 1
    request.rejected = request.rows
    local status, body = act(method, "/tasks/" .. gid, method == "PUT" and data_of(request:json()) or {})
    request.rejected = 0
    return status, body
  end)
end
route("GET /api/1.0/projects", function() return 200, { data = list { { gid = "1200000000000001", name = "Project", resource_type = "project" } }, next_page = null } end)
route("GET /api/1.0/users/me", function() return 200, { data = { gid = "1", name = "Penstock", email = "us@x.example" } } end)
