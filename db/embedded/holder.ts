import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startTime } from './processes.ts';

/**
 * Notes that this process runs the server of `home`, so that a second one does not stop it.
 * @returns what gives the place up.
 * @throws Error when another living process holds it.
 */
export async function hold(home: string): Promise<() => Promise<void>> {
  const file = path.join(home, 'holder');
  const mine = `${process.pid} ${await startTime(process.pid)}`;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      await writeFile(file, mine, { flag: 'wx', mode: 0o600 });
      return () => rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const [pid = '', since = ''] = (await readFile(file, 'utf8').catch(() => '')).split(' ');
    if (since !== '' && (await startTime(Number(pid))) === since) {
      throw new Error(`the database in ${home} is in use by process ${pid}`);
    }
    await rm(file, { force: true });
  }
  throw new Error(`the database in ${home} is being started by another process`);
}
