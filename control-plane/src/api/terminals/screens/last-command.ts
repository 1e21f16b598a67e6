import type { Terminal as HeadlessTerminal } from '@xterm/headless';
import { cleanText } from './clean-text.ts';

/** Lines above the cursor that are looked at for a prompt. */
const LOOK_BACK = 200;
/**
 * `router$ reboot`, `root@OpenWrt:~# uci show`, `me@host ~ > ls`: a short prompt, its end, and a command. A percent sign or an angle bracket ends a
 * prompt only behind something that looks like a host or a path.
 */
const COMMAND = /^(?:[^\s#$]{1,80}(?: [^\s#$]{1,60})?[#$]|[^\s%>❯]*[@:~/][^%>❯]{0,80}[%>❯]) ?(\S.*)$/u;

/** @returns the last command on the normal screen that stands behind a prompt, made printable; null where none is recognised. */
export function lastCommand(terminal: HeadlessTerminal): string | null {
  const buffer = terminal.buffer.normal;
  const bottom = Math.min(buffer.length - 1, buffer.baseY + terminal.rows - 1);
  for (let y = bottom; y >= Math.max(0, bottom - LOOK_BACK); y -= 1) {
    const line = buffer.getLine(y);
    if (line === undefined || line.isWrapped) continue;
    const command = COMMAND.exec(line.translateToString(true))?.[1];
    if (command !== undefined) return cleanText(command) || null;
  }
  return null;
}
