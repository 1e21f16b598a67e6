-- rpcd's sessions: an id, a time to live, and what it may do.
local json = require('demo.json')
local system = require('demo.system')
local uci = require('demo.uci')

local M = {}
local FOLDER = '/var/run/rpcd/sessions'

local function path(id) return FOLDER .. '/' .. id end

local function save(session) uci.write_file(path(session.id), json.encode(session)) end

function M.create(timeout)
	system.run('mkdir -p -m 0700 ' .. FOLDER)
	local random = assert(io.open('/dev/urandom', 'rb'))
	local id = random:read(16):gsub('.', function(byte) return ('%02x'):format(byte:byte()) end)
	random:close()
	local session = json.object('id', id, 'timeout', timeout, 'expires', os.time() + timeout, 'acls', json.object())
	save(session)
	return session
end

--- The session of an id, or nil when there is none (any more). Using it makes it live on.
function M.find(id)
	if type(id) ~= 'string' or not id:find('^%x+$') then return nil end
	local text = uci.read_file(path(id))
	local session = text and json.decode(text)
	if not session then return nil end
	if session.timeout > 0 and session.expires < os.time() then
		M.destroy(id)
		return nil
	end
	session.expires = os.time() + session.timeout
	save(session)
	return session
end

function M.destroy(id)
	os.remove(path(id))
	system.run('rm -rf /var/run/rpcd/uci-' .. id)
end

function M.grant(session, scope, objects)
	local granted = session.acls[scope] or json.array({})
	for _, pair in ipairs(objects) do granted[#granted + 1] = pair end
	json.set(session.acls, scope, granted)
	save(session)
end

local function matches(pattern, text)
	pattern = pattern:gsub('[%^%$%(%)%%%.%[%]%+%-]', '%%%0'):gsub('%*', '.*'):gsub('%?', '.')
	return text:find('^' .. pattern .. '$') ~= nil
end

--- Whether the session may use `verb` on `object` of a scope.
function M.may(session, scope, object, verb)
	for _, pair in ipairs(session.acls[scope] or {}) do
		if matches(pair[1], object) and matches(pair[2], verb) then return true end
	end
	return false
end

return M
