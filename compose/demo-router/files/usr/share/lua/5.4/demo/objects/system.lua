-- ubus objects of procd and rpcd: system, service, rc, file, log.
local json = require('demo.json')
local system = require('demo.system')
local uci = require('demo.uci')
local object, array = json.object, json.array

local M = {}
local INVALID_ARGUMENT, NOT_FOUND, NO_DATA = 2, 4, 5

local function release_value(name)
	return (uci.read_file('/etc/openwrt_release') or ''):match(name .. "='([^']*)'")
end

local function board()
	return object('kernel', system.line('/proc/sys/kernel/osrelease'), 'hostname', system.line('/proc/sys/kernel/hostname'),
		'system', 'ARMv8 Processor rev 4', 'model', 'NetPilot Demo Router', 'board_name', 'netpilot,demo-router', 'rootfs_type', 'squashfs',
		'release', object('distribution', 'OpenWrt', 'version', release_value('DISTRIB_RELEASE'), 'revision', release_value('DISTRIB_REVISION'),
			'target', release_value('DISTRIB_TARGET'), 'description', release_value('DISTRIB_DESCRIPTION')))
end

local function storage(path)
	local total, used, available = system.output('df -k ' .. path):match('\n%S+%s+(%d+)%s+(%d+)%s+(%d+)')
	return object('total', tonumber(total), 'free', tonumber(total) - tonumber(used), 'used', tonumber(used), 'avail', tonumber(available))
end

local function info()
	local memory, loads = {}, array({})
	for key, value in uci.read_file('/proc/meminfo'):gmatch('(%w+):%s+(%d+) kB') do memory[key] = tonumber(value) * 1024 end
	for load in system.line('/proc/loadavg'):gmatch('%d+%.%d+') do loads[#loads + 1] = math.floor(tonumber(load) * 65536) end
	return object('localtime', os.time(), 'uptime', system.uptime(), 'load', loads,
		'memory', object('total', memory.MemTotal, 'free', memory.MemFree, 'shared', memory.Shmem, 'buffered', memory.Buffers,
			'available', memory.MemAvailable, 'cached', memory.Cached),
		'root', storage('/'), 'tmp', storage('/tmp'), 'swap', object('total', memory.SwapTotal, 'free', memory.SwapFree))
end

local function services(wanted)
	local all = object()
	for line in system.output('ls -1d /var/run/procd/*/* 2> /dev/null'):gmatch('[^\n]+') do
		local service, instance = line:match('/([^/]+)/([^/]+)$')
		if not wanted or wanted == service then
			local entry = all[service] or object('instances', object())
			local pid = tonumber(system.line(line .. '/pid') or '')
			json.set(entry.instances, instance, object('running', pid ~= nil and system.line('/proc/' .. pid .. '/stat') ~= nil, 'pid', pid,
				'command', array({ system.line(line .. '/command') or '' })))
			json.set(all, service, entry)
		end
	end
	return all
end

local function scripts()
	local all = object()
	for name in system.output('ls -1 /etc/init.d'):gmatch('[^\n]+') do
		local text = uci.read_file('/etc/init.d/' .. name) or ''
		local start = tonumber(text:match('\nSTART=(%d+)') or '')
		json.set(all, name, object('start', start, 'enabled', start ~= nil and system.run(('test -e /etc/rc.d/S%02d%s'):format(start, name)),
			'running', system.run('test -d /var/run/procd/' .. name)))
	end
	return all
end

function M.objects(refuse)
	local function path_of(arguments)
		if type(arguments.path) ~= 'string' then refuse(INVALID_ARGUMENT) end
		return arguments.path
	end
	return {
		system = {
			board = board, info = info,
			reboot = function() system.background('sleep 1; reboot') end,
		},
		service = {
			list = function(arguments) return services(arguments.name) end,
			event = function(arguments)
				local package = arguments.type == 'config.change' and arguments.data and arguments.data.package
				if package then require('demo.rollback').announce(package) end
			end,
		},
		rc = {
			list = scripts,
			init = function(arguments)
				local name, action = tostring(arguments.name), tostring(arguments.action)
				if not name:find('^[%w_%-]+$') or not action:find('^%l+$') then refuse(INVALID_ARGUMENT) end
				if not uci.read_file('/etc/init.d/' .. name) then refuse(NOT_FOUND) end
				system.background('/etc/init.d/' .. name .. ' ' .. action)
			end,
		},
		file = {
			read = function(arguments)
				local text = uci.read_file(path_of(arguments))
				if not text then refuse(NOT_FOUND) end
				return object('data', text)
			end,
			stat = function(arguments)
				local path = path_of(arguments)
				local size, name = system.output('ls -ldn ' .. uci.quote(path) .. ' 2> /dev/null'):match('^%S+%s+%d+%s+%d+%s+%d+%s+(%d+)'), path
				if not size then refuse(NOT_FOUND) end
				return object('path', name, 'size', tonumber(size))
			end,
			exec = function(arguments)
				if type(arguments.command) ~= 'string' then refuse(INVALID_ARGUMENT) end
				local words = { uci.quote(arguments.command) }
				for _, word in ipairs(arguments.params or {}) do words[#words + 1] = uci.quote(tostring(word)) end
				local pipe = io.popen(table.concat(words, ' ') .. ' 2> /dev/null')
				local text = pipe:read('a')
				local _, _, code = pipe:close()
				return object('code', code, 'stdout', text ~= '' and text or nil)
			end,
		},
		log = {
			read = function(arguments)
				local lines = array({})
				for line in system.output('logread'):gmatch('[^\n]+') do lines[#lines + 1] = object('msg', line) end
				local limit = math.tointeger(arguments.lines) or #lines
				while #lines > limit do table.remove(lines, 1) end
				return object('log', lines)
			end,
			write = function(arguments) system.log('ubus', tostring(arguments.event)) end,
		},
	}
end

return M
