-- rpcd's `uci apply` with its way back: without a `confirm` from the same session in time, files and running state return.
local system = require('demo.system')
local uci = require('demo.uci')

local M = {}
local SNAPSHOT = '/var/run/rpcd/uci-files'
local PENDING = '/var/run/rpcd/uci-apply'

--- Who applied and has not confirmed yet: session id, or nil.
function M.pending()
	local session, limit = (system.line(PENDING) or ''):match('^(%S+) (%d+)')
	return session, tonumber(limit)
end

--- Tells the services that a package changed: procd waits a moment, then reloads those it concerns.
function M.announce(package) system.background('sleep 1; /usr/libexec/demo/config-changed ' .. package) end

--- Commits what the session staged and, with `timeout` (seconds), keeps the old files until confirmed.
function M.apply(session, folder, timeout)
	if M.pending() then return 'denied' end
	local packages = uci.staged_packages(folder)
	if #packages == 0 then return 'nothing' end
	if timeout then
		system.run('rm -rf ' .. SNAPSHOT .. '; mkdir -p ' .. SNAPSHOT)
		for _, package in ipairs(packages) do
			local text = uci.read_file(uci.CONFIG .. '/' .. package)
			if text then uci.write_file(SNAPSHOT .. '/' .. package, text) end
		end
		local limit = os.time() + timeout
		uci.write_file(PENDING, ('%s %d\n'):format(session, limit))
		system.background(('sleep %d; ubus call uci expired %s'):format(timeout, uci.quote(('{"token":"%s %d"}'):format(session, limit))))
	end
	for _, package in ipairs(packages) do
		uci.commit(package, { config = uci.CONFIG, staged = { folder } })
		M.announce(package)
	end
	return 'done'
end

local function restore()
	for _, package in ipairs(uci.staged_packages(SNAPSHOT)) do
		uci.write_file(uci.CONFIG .. '/' .. package, uci.read_file(SNAPSHOT .. '/' .. package))
		M.announce(package)
	end
	system.run('rm -rf ' .. SNAPSHOT .. ' ' .. PENDING)
end

--- Makes what was applied last.
function M.confirm(session)
	local by = M.pending()
	if not by then return 'nothing' end
	if by ~= session then return 'denied' end
	system.run('rm -rf ' .. SNAPSHOT .. ' ' .. PENDING)
	return 'done'
end

--- Goes back at once.
function M.rollback(session)
	local by = M.pending()
	if not by then return 'nothing' end
	if by ~= session then return 'denied' end
	restore()
	return 'done'
end

--- What the timer of one `apply` calls; a later one is none of its business.
function M.expired(token)
	if system.line(PENDING) ~= token then return end
	system.log('rpcd', 'uci apply was not confirmed, rolling back')
	restore()
end

return M
