import { writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { buildSessionImage, ensureBaseImage } from '@netpilot/session-image/build.ts';
import type { Measure } from './measure.ts';
import { measureCrowd } from './measures/crowd.ts';
import { measureCut } from './measures/cut.ts';
import { measureEnd } from './measures/end.ts';
import { measureFiles } from './measures/files.ts';
import { measureMemory } from './measures/memory.ts';
import { measureOperations } from './measures/operations.ts';
import { measurePrompt } from './measures/prompt.ts';
import { measureRecording } from './measures/recording.ts';
import { measureResume } from './measures/resume.ts';
import { measureTerminal } from './measures/terminal.ts';
import { measureTunnels } from './measures/tunnels.ts';
import { type MeasureName, readOptions } from './options.ts';
import { tableOf } from './report.ts';
import { closeStages } from './stage.ts';

const RUN: Readonly<Record<MeasureName, (quick: boolean) => Promise<Measure[]>>> = {
  prompt: measurePrompt,
  terminal: measureTerminal,
  memory: measureMemory,
  end: measureEnd,
  cut: measureCut,
  resume: measureResume,
  crowd: measureCrowd,
  tunnels: measureTunnels,
  operations: measureOperations,
  files: measureFiles,
  recording: measureRecording,
};

const say = (line: string) => process.stdout.write(`${line}\n`);

/** Runs what the command line asks for. @returns false when a measure could not be taken; a missed goal is no failure. */
async function bench(args: readonly string[]): Promise<boolean> {
  const { only, json, quick } = readOptions(args);
  say(
    `${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}, ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}, Node ${process.versions.node}`,
  );
  if (quick) say('Few samples: these figures show that it runs and judge nothing.');
  const log = (line: string) => say(`  ${line}`);
  await buildSessionImage({ base: await ensureBaseImage({ log }), log });
  const measures: Measure[] = [];
  let complete = true;
  for (const name of only) {
    say(`${name} (load ${loadavg()[0]?.toFixed(2)})`);
    try {
      const taken = await RUN[name](quick);
      say(tableOf(taken));
      measures.push(...taken);
    } catch (error) {
      complete = false;
      process.stderr.write(
        `${name} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      );
    }
  }
  if (only.length > 1 && measures.length > 0) say(tableOf(measures));
  if (json !== null) writeFileSync(json, `${JSON.stringify({ measures }, null, 2)}\n`);
  return complete;
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => void closeStages().finally(() => process.exit(130)));
}

// Called by compose/bootstrap.mjs with the verb in front, or directly.
const args = process.argv.slice(2);
try {
  process.exitCode = (await bench(args[0] === 'bench' ? args.slice(1) : args)) ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
process.exit();
