import type { RouterConnection } from '../../ssh/router-connection.ts';
import { FileFailure } from '../file-failure.ts';
import { parseLine } from './listing.ts';
import { askScript } from './run-script.ts';

/** What was found of a router's shell. */
export interface ShellFacts {
  /** Where it puts its user. */
  readonly home: Buffer;
  /** `ls` wants to be told to keep each name on one line (GNU); BusyBox always does. */
  readonly quietLs: boolean;
  readonly tar: boolean;
  /** What sums its standard input (SHA-256); null where there is nothing. */
  readonly sum: 'sha256sum' | 'openssl dgst -sha256 -r' | null;
}

/** What the quoting must survive for anything else to be tried. */
const TRICKY = Buffer.from([0x24, 0x28, 0x78, 0x29, 0x27, 0x22, 0x5c, 0x0a, 0xff, 0x21, 0x2a, 0x0a]);
const PROBE = `printf "%s\\\\0" "$v"
case $HOME in /*) ;; *) HOME=/;; esac
printf "%s\\\\0" "$HOME"
LC_ALL=C TZ=UTC0 ls -ldni --full-time /
printf "\\\\0"
ls -dq / >/dev/null 2>&1 && printf q
command -v tar >/dev/null && printf t
command -v sha256sum >/dev/null && printf s
case $(openssl dgst -sha256 -r </dev/null 2>/dev/null) in e3b0c44298fc1c14*\\ *) printf o;; esac
printf "\\\\0"
find / -maxdepth 0 -print0 | xargs -0 -r printf "%s" 2>/dev/null
printf "\\\\0"
for c in cat dd tail awk df; do command -v $c >/dev/null || printf %s $c; done
`;

/**
 * Looks whether there is a shell with the commands that files need: POSIX `sh`, `ls --full-time`, `find -print0`, `xargs -0` and a few
 * more, as BusyBox on OpenWrt and GNU have them.
 * @returns null when there is none.
 */
export async function probeShell(connection: RouterConnection): Promise<ShellFacts | null> {
  let answer: Buffer;
  try {
    answer = await askScript(connection, { v: TRICKY }, PROBE.replaceAll('\\\\', '\\'), { maxBytes: 16_384 });
  } catch (error) {
    if (error instanceof FileFailure) return null;
    throw error;
  }
  const [echo, home, line, flags, found, missing, ...more] = split(answer);
  if (!echo?.equals(TRICKY) || !home || !line || !flags || more.length > 0) return null;
  if (found?.toString('latin1') !== '/' || missing?.length !== 0) return null;
  if (!parseLine(line.toString('latin1').trimEnd())) return null;
  const has = (flag: string) => flags.includes(flag);
  // Where a processor sums by itself, OpenSSL lets it: three times as fast as coreutils.
  const sum = has('o') ? 'openssl dgst -sha256 -r' : has('s') ? 'sha256sum' : null;
  return { home, quietLs: has('q'), tar: has('t'), sum };
}

function split(bytes: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let from = 0;
  for (let at = bytes.indexOf(0); at !== -1; at = bytes.indexOf(0, from)) {
    parts.push(bytes.subarray(from, at));
    from = at + 1;
  }
  parts.push(bytes.subarray(from));
  return parts;
}
