-- ubus objects of rpcd that change the configuration: uci and session.
local json = require('demo.json')
local rollback = require('demo.rollback')
local sessions = require('demo.sessions')
local uci = require('demo.uci')
local object, array = json.object, json.array

local M = {}
local INVALID_ARGUMENT, NOT_FOUND, NO_DATA, DENIED = 2, 4, 5, 6
local SECONDS_TO_CONFIRM = 30

local function values_of(section)
	local all = object('.anonymous', section.anonymous, '.type', section.type, '.name', section.name)
	for _, option in ipairs(section.order) do
		local value = section.values[option]
		json.set(all, option, type(value) == 'table' and array(value) or value)
	end
	return all
end

local function text_of(value)
	if type(value) == 'boolean' then return value and '1' or '0' end
	return tostring(value)
end

local function stage_option(package, place, section, option, value)
	if not uci.is_name(option) then uci.invalid() end
	local function stage(op, with) uci.stage(package, place, { op = op, section = section, option = option, value = with }) end
	if not json.is_array(value) then return stage('', text_of(value)) end
	if uci.section(package, section).values[option] ~= nil then stage('-') end
	for _, item in ipairs(value) do stage('|', text_of(item)) end
end

function M.objects(refuse)
	local function need(value)
		if type(value) ~= 'string' then refuse(INVALID_ARGUMENT) end
		return value
	end
	local function session_of(arguments)
		return sessions.find(arguments.ubus_rpc_session) or refuse(NOT_FOUND)
	end
	--- Where the caller stages: the session's own folder, or everybody's when root calls without one.
	local function place_of(arguments, verb)
		local folder = uci.STAGED
		if arguments.ubus_rpc_session then
			local session = sessions.find(arguments.ubus_rpc_session)
			if not session or not sessions.may(session, 'uci', arguments.config or '*', verb) then refuse(DENIED) end
			folder = '/var/run/rpcd/uci-' .. session.id
		end
		return { config = uci.CONFIG, staged = { folder } }
	end
	local function open(arguments, verb)
		local place = place_of(arguments, verb)
		return uci.load(need(arguments.config), place), place
	end
	local function outcome(result)
		if result == 'nothing' then refuse(NO_DATA) elseif result == 'denied' then refuse(DENIED) end
	end

	local configuration = {}
	function configuration.configs() return object('configs', array(uci.packages({ config = uci.CONFIG }))) end
	function configuration.get(arguments)
		local package = open(arguments, 'read')
		if not arguments.section then
			local all, index = object(), 0
			for _, section in ipairs(package.sections) do
				if not arguments.type or section.type == arguments.type then
					local values = values_of(section)
					json.set(values, '.index', index)
					json.set(all, section.name, values)
				end
				index = index + 1
			end
			return object('values', all)
		end
		local section = uci.section(package, arguments.section) or refuse(NOT_FOUND)
		if not arguments.option then return object('values', values_of(section)) end
		local value = section.values[arguments.option]
		if value == nil then refuse(NOT_FOUND) end
		return object('value', type(value) == 'table' and array(value) or value)
	end
	function configuration.set(arguments)
		local package, place = open(arguments, 'write')
		local section = uci.section(package, need(arguments.section)) or refuse(NOT_FOUND)
		for _, option in ipairs(getmetatable(arguments.values or refuse(INVALID_ARGUMENT)).keys) do
			stage_option(package, place, section.name, option, arguments.values[option])
		end
	end
	function configuration.add(arguments)
		local package, place = open(arguments, 'write')
		local name = arguments.name
		if name then
			if not uci.is_name(name) then uci.invalid() end
			uci.stage(package, place, { op = '', section = name, value = need(arguments.type) })
		else
			name = uci.add(package, place, need(arguments.type))
		end
		for _, option in ipairs(arguments.values and getmetatable(arguments.values).keys or {}) do
			stage_option(package, place, name, option, arguments.values[option])
		end
		return object('section', name)
	end
	configuration['delete'] = function(arguments)
		local package, place = open(arguments, 'write')
		local section = uci.section(package, need(arguments.section)) or refuse(NOT_FOUND)
		local options = arguments.options or (arguments.option and { arguments.option }) or { false }
		for _, option in ipairs(options) do
			uci.stage(package, place, { op = '-', section = section.name, option = option or nil })
		end
	end
	function configuration.changes(arguments)
		local place, all = place_of(arguments, 'read'), object()
		local folder = place.staged[1]
		for _, name in ipairs(arguments.config and { arguments.config } or uci.staged_packages(folder)) do
			local list = array({})
			for _, change in ipairs(uci.changes(name, folder)) do
				local words = { ['-'] = 'remove', ['|'] = 'list-add', ['~'] = 'list-del', ['+'] = 'add', ['@'] = 'rename', ['^'] = 'order' }
				local entry = array({ words[change.op] or 'set', change.section })
				entry[#entry + 1] = change.option
				entry[#entry + 1] = change.value
				list[#list + 1] = entry
			end
			json.set(all, name, list)
		end
		return object('changes', all)
	end
	function configuration.revert(arguments)
		os.remove(place_of(arguments, 'write').staged[1] .. '/' .. need(arguments.config))
	end
	function configuration.commit(arguments)
		if uci.commit(need(arguments.config), place_of(arguments, 'write')) then rollback.announce(arguments.config) end
	end
	function configuration.apply(arguments)
		local session = sessions.find(arguments.ubus_rpc_session)
		if arguments.rollback and not session then refuse(arguments.ubus_rpc_session and DENIED or INVALID_ARGUMENT) end
		local timeout = arguments.rollback and (math.tointeger(arguments.timeout) or SECONDS_TO_CONFIRM) or nil
		outcome(rollback.apply(session and session.id, session and '/var/run/rpcd/uci-' .. session.id or uci.STAGED, timeout))
	end
	function configuration.confirm(arguments) outcome(rollback.confirm(arguments.ubus_rpc_session)) end
	function configuration.rollback(arguments) outcome(rollback.rollback(arguments.ubus_rpc_session)) end
	function configuration.expired(arguments) rollback.expired(need(arguments.token)) end
	function configuration.reload_config() os.execute('reload_config') end

	local function told(session)
		return object('ubus_rpc_session', session.id, 'timeout', session.timeout, 'expires', session.expires - os.time(),
			'acls', session.acls, 'data', object())
	end
	local session = {
		create = function(arguments) return told(sessions.create(math.tointeger(arguments.timeout) or 300)) end,
		list = function(arguments) return told(session_of(arguments)) end,
		grant = function(arguments)
			if type(arguments.objects) ~= 'table' then refuse(INVALID_ARGUMENT) end
			sessions.grant(session_of(arguments), need(arguments.scope), arguments.objects)
		end,
		access = function(arguments)
			local granted = sessions.may(session_of(arguments), need(arguments.scope), need(arguments.object), need(arguments['function']))
			return object('access', granted)
		end,
		destroy = function(arguments) sessions.destroy(session_of(arguments).id) end,
	}
	return { uci = configuration, session = session }
end

return M
