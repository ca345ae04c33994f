-- Google Sheets API v4: values of a spreadsheet. developers.google.com/workspace/sheets/api (2026). Each sheet is a table of
-- records, one a row, whose fields are its cells by column letter; sheets are made on first use, with 1000 rows.
local rows_max, columns_max, cell_max = 1000000, 18278, 50000

local function error_of(code, status, message) return { error = { code = code, status = status, message = message } } end
vendor {
  refusal = function(status, why)
    local names = { [400] = "INVALID_ARGUMENT", [401] = "UNAUTHENTICATED", [403] = "PERMISSION_DENIED", [404] = "NOT_FOUND", [429] = "RESOURCE_EXHAUSTED", [503] = "UNAVAILABLE" }
    return error_of(status, names[status] or "INTERNAL", why or "The request was refused")
  end,
  limits = { "user", "project" },
  login = function(request) if token_problem(bearer(request)) then refuse_with(401, "Request had invalid authentication credentials.") end end,
}
local function kind(r) return r.method == "GET" and "read" or "write" end
limit("user", { rate = "60/1m", key = kind, refuse = function() refuse_with(429, "Quota exceeded for quota metric 'requests per minute per user'") end })
limit("project", { rate = "300/1m", key = kind, refuse = function() refuse_with(429, "Quota exceeded for quota metric 'requests per minute'") end })

local function bad(message) refuse_with(400, message) end
local function number_of(letters)
  local number = 0
  for letter in letters:gmatch("%u") do number = number * 26 + letter:byte() - 64 end
  return number
end
local function letters_of(number)
  local letters = ""
  while number > 0 do
    letters = string.char(65 + (number - 1) % 26) .. letters
    number = (number - 1) // 26
  end
  return letters
end
-- "Sheet!A2:C", "'My sheet'!A:A", "Sheet" as sheet, first and last row and column.
local function parse(range)
  local sheet, cells = range:match("^'?(.-)'?!(.*)$")
  if not sheet then sheet, cells = range:match("^'?(.-)'?$"), "" end
  if cells == "" and sheet:match("^%u*%d*:?%u*%d*$") and sheet:find("%d") and not sheet:find("^Sheet") then sheet, cells = "Sheet1", sheet end
  local c1, r1, c2, r2 = cells:match("^(%u*)(%d*):(%u*)(%d*)$")
  if not c1 then c1, r1 = cells:match("^(%u*)(%d*)$") c2, r2 = c1, r1 end
  if not c1 then bad("Unable to parse range: " .. range) end
  return { sheet = sheet, row = tonumber(r1) or 1, column = c1 ~= "" and number_of(c1) or 1, last_row = tonumber(r2) or rows_max,
    last_column = c2 and c2 ~= "" and number_of(c2) or columns_max }
end
local function rows_of(id, sheet) return records(id .. "/" .. sheet) end
local function row_at(store, number)
  while #store.rows < number do store:create({}) end
  return store.rows[number]
end
-- The sheet's rows that hold anything, at its end.
local function used(store)
  local last = #store.rows
  while last > 0 and next(store.rows[last].fields) == nil do last = last - 1 end
  return last
end
local function check_values(values)
  if type(values) ~= "table" then bad("values is missing") end
  for _, row in ipairs(values) do
    if type(row) ~= "table" then bad("values must be a list of rows") end
    for _, cell in ipairs(row) do
      if type(cell) == "table" then bad("Invalid values: a cell cannot hold a list or an object") end
      if type(cell) == "string" and #cell > cell_max then bad("Your input contains more than the maximum of 50000 characters in a single cell.") end
    end
  end
end
-- null leaves a cell, "" empties it.
local function write(id, at, values)
  local store, cells, width = rows_of(id, at.sheet), 0, 0
  if at.row + #values - 1 > at.last_row then bad("Requested writing within range, but tried writing to row " .. at.row + #values - 1) end
  for place, row in ipairs(values) do
    local fields = {}
    for column, cell in ipairs(row) do
      if cell ~= null then fields[letters_of(at.column + column - 1)] = cell == "" and null or cell end
      cells = cells + 1
    end
    width = math.max(width, #row)
    store:update(row_at(store, at.row + place - 1), fields)
  end
  local name = ("%s!%s%d:%s%d"):format(at.sheet, letters_of(at.column), at.row, letters_of(at.column + math.max(width, 1) - 1), at.row + math.max(#values, 1) - 1)
  return { spreadsheetId = id, updatedRange = name, updatedRows = #values, updatedColumns = width, updatedCells = cells }
end
local function need_option(option) if option ~= "RAW" and option ~= "USER_ENTERED" then bad("'valueInputOption' is required but not specified") end end

local base = "/v4/spreadsheets/{id}"
route("POST " .. base .. "/values/{range}:append", function(request, id, range)
  local body, at = request:json(), parse(range)
  need_option(request.params.valueInputOption)
  check_values(body.values)
  request.rows = #body.values
  at.row, at.last_row = used(rows_of(id, at.sheet)) + 1, rows_max
  return 200, { spreadsheetId = id, tableRange = range, updates = write(id, at, body.values) }
end)
route("PUT " .. base .. "/values/{range}", function(request, id, range)
  local body = request:json()
  need_option(request.params.valueInputOption)
  check_values(body.values)
  request.rows = #body.values
  return 200, write(id, parse(range), body.values)
end)
route("POST " .. base .. "/values:batchUpdate", function(request, id)
  local body, replies, rows = request:json(), list {}, 0
  need_option(body.valueInputOption)
  for _, one in ipairs(body.data or bad("data is missing")) do parse(one.range or bad("range is missing")) check_values(one.values) end
  for place, one in ipairs(body.data) do
    request.rows = request.rows + #one.values
    replies[place] = write(id, parse(one.range), one.values)
    rows = rows + #one.values
  end
  return 200, { spreadsheetId = id, totalUpdatedRows = rows, totalUpdatedSheets = 1, responses = replies }
end)
local function clear(id, range)
  local at = parse(range)
  local store = rows_of(id, at.sheet)
  for number = at.row, math.min(at.last_row, #store.rows) do
    local fields = {}
    for letters in pairs(store.rows[number].fields) do
      local column = number_of(letters)
      if column >= at.column and column <= at.last_column then fields[letters] = null end
    end
    store:update(store.rows[number], fields)
  end
  return range
end
route("POST " .. base .. "/values:batchClear", function(request, id)
  local cleared = list {}
  for place, range in ipairs(request:json().ranges or bad("ranges is missing")) do cleared[place] = clear(id, range) end
  return 200, { spreadsheetId = id, clearedRanges = cleared }
end)
route("POST " .. base .. "/values/{range}:clear", function(_, id, range) return 200, { spreadsheetId = id, clearedRange = clear(id, range) } end)

local function read(id, range, dimension)
  local at = parse(range)
  local store, values = rows_of(id, at.sheet), list {}
  for number = at.row, math.min(at.last_row, used(store)) do
    local row, last = list {}, 0
    for letters in pairs(store.rows[number].fields) do last = math.max(last, number_of(letters)) end
    for column = at.column, math.min(last, at.last_column) do
      local cell = store.rows[number].fields[letters_of(column)]
      row[#row + 1] = cell == nil and "" or cell
    end
    values[#values + 1] = row
  end
  if dimension == "COLUMNS" then
    local turned = list {}
    for place, row in ipairs(values) do
      for column, cell in ipairs(row) do
        turned[column] = turned[column] or list {}
        while #turned[column] < place - 1 do table.insert(turned[column], "") end
        turned[column][place] = cell
      end
    end
    values = turned
  end
  return { range = range, majorDimension = dimension or "ROWS", values = values }
end
route("GET " .. base .. "/values/{range}", function(request, id, range) return 200, read(id, range, request.params.majorDimension) end)
route("GET " .. base .. "/values:batchGet", function(request, id)
  local all = list {}
  for place, range in ipairs(request.lists.ranges or {}) do all[place] = read(id, range, request.params.majorDimension) end
  return 200, { spreadsheetId = id, valueRanges = all }
end)
local sheets = { [0] = "Sheet1" }
-- Rows are taken out of the middle, so those below move up; columns and rows are always there to append.
route("POST " .. base .. ":batchUpdate", function(request, id)
  local replies = list {}
  for place, one in ipairs(request:json().requests or bad("requests is missing")) do
    local deleted, added = one.deleteDimension and one.deleteDimension.range, one.addSheet
    if deleted then
      local store = rows_of(id, sheets[deleted.sheetId or 0] or bad("No grid with id: " .. tostring(deleted.sheetId)))
      if deleted.dimension ~= "ROWS" then bad("only rows can be deleted here") end
      for _ = deleted.startIndex, deleted.endIndex - 1 do
        local row = table.remove(store.rows, deleted.startIndex + 1)
        if row then store.by_id[tostring(row.id)], store.live = nil, store.live - 1 end
      end
    elseif added then
      sheets[#sheets + 1] = added.properties.title
      added = { addSheet = { properties = { sheetId = #sheets, title = added.properties.title } } }
    elseif not one.appendDimension then
      bad("the sandbox knows deleteDimension, appendDimension and addSheet")
    end
    replies[place] = added or {}
  end
  return 200, { spreadsheetId = id, replies = replies }
end)
route("GET " .. base, function(_, id)
  local all = list {}
  for place = 0, #sheets do all[#all + 1] = { properties = { sheetId = place, title = sheets[place], index = place, sheetType = "GRID", gridProperties = { rowCount = 1000, columnCount = 26 } } } end
  return 200, { spreadsheetId = id, properties = { title = "Sandbox" }, sheets = all }
end)
route("POST /token", { login = false, limits = {} }, function(request)
  local held = request:form().assertion or request:form().refresh_token
  if not is_text(held) or token_problem(held) then return 400, { error = "invalid_grant", error_description = "Bad Request" } end
  return 200, { access_token = issue_token(3600), expires_in = 3599, token_type = "Bearer", scope = "https://www.googleapis.com/auth/spreadsheets" }
end)
