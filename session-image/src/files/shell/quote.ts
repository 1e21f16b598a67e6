import { isUtf8 } from 'node:buffer';
import { FileFailure } from '../file-failure.ts';

/** The shortest bound of a command line among servers: Dropbear's, less a little. */
const MAX_COMMAND = 8_900;

/** @returns a word of a POSIX shell that stands for the text and nothing else. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * @returns a line that gives a variable any bytes but NUL. What is no UTF-8 cannot stand in an SSH command line as ssh2 writes it, so it goes
 * through printf; the x behind it keeps line ends that `$(…)` would drop.
 */
export function assign(name: string, value: Buffer): string {
  if (isUtf8(value)) return `${name}=${quote(value.toString('utf8'))}\n`;
  const octal = [...value].map((byte) => `\\0${byte.toString(8).padStart(3, '0')}`).join('');
  return `${name}=$(printf '%bx' ${quote(octal)});${name}=\${${name}%x}\n`;
}

/**
 * @returns the command line that runs a script in a POSIX shell, whatever the login shell is.
 * @throws FileFailure `name_too_long` when it is longer than servers take
 */
export function commandLine(variables: Readonly<Record<string, Buffer | string | number>>, script: string): string {
  const assignments = Object.entries(variables).map(([name, value]) =>
    assign(name, typeof value === 'object' ? value : Buffer.from(String(value))),
  );
  const line = `exec /bin/sh -c ${quote(`${assignments.join('')}${script}`)}`;
  if (Buffer.byteLength(line) > MAX_COMMAND)
    throw new FileFailure('name_too_long', 'The path is too long for its shell.');
  return line;
}
