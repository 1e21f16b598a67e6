import type { SpeedTestInput, SpeedTestResult, SpeedTool } from '@netpilot/control-plane/contract/operations/line.ts';
import { SPEED_TOOLS } from '@netpilot/control-plane/contract/operations/line.ts';
import type { Driver, OperationContext } from '../driver.ts';
import { needsPackage, OperationFailure, routerSaid } from '../problem.ts';
import type { Runner } from '../runner.ts';
import { quoted } from '../sections.ts';
import { fieldsOf, jsonOf, linesOf, listOf, nameOf } from './text.ts';

const FINDING =
  'for c in librespeed-cli iperf3 wget; do command -v $c >/dev/null && echo $c; done; command -v speedtest-netperf.sh >/dev/null && echo speedtest-netperf';

async function installedTools(router: Runner): Promise<SpeedTool[]> {
  const found = new Set((await router.gather({ tools: FINDING })).lines('tools'));
  return SPEED_TOOLS.filter((tool) => found.has(tool));
}

/** Measures from the router itself: its processor is a bound too, the Wi-Fi of whoever asks is not. */
export const speedTestOperations: Pick<Driver, 'speedtest.tools' | 'speedtest.run'> = {
  'speedtest.tools': async (_input, { router }) => {
    const installed = await installedTools(router);
    return {
      installed,
      installable: ['librespeed-cli', 'speedtest-netperf', 'iperf3'].filter(
        (name) => !installed.includes(name as SpeedTool),
      ),
    };
  },
  'speedtest.run': async (input, context) => {
    const tool = choose(input, await installedTools(context.router));
    context.progress(`Measuring with ${tool}`, 0);
    const result = await MEASURES[tool](input, context);
    return { ...result, notes: [...result.notes, ...NOTES[tool]] };
  },
};

function choose(input: SpeedTestInput, installed: readonly SpeedTool[]): SpeedTool {
  if (input.tool !== undefined && !installed.includes(input.tool))
    throw needsPackage(`${input.tool} is not installed.`, [input.tool]);
  const able = (tool: SpeedTool) =>
    (tool !== 'iperf3' || input.host !== undefined) && (tool !== 'wget' || input.url !== undefined);
  const chosen = input.tool ?? installed.find(able);
  if (chosen === undefined)
    throw needsPackage('Nothing on this router measures a line without an address to measure against.', [
      'librespeed-cli',
    ]);
  if (!able(chosen)) {
    const field = chosen === 'wget' ? 'url' : 'host';
    throw new OperationFailure({
      code: 'invalid_value',
      detail: `${chosen} needs something to measure against.`,
      field,
    });
  }
  return chosen;
}

const NOTES: Readonly<Record<SpeedTool, string[]>> = {
  'librespeed-cli': [],
  'speedtest-netperf': [],
  iperf3: [],
  wget: ['Only one download was measured: a server or a slow processor may be the bound.'],
};

type Measure = (input: SpeedTestInput, context: OperationContext) => Promise<SpeedTestResult>;

const MEASURES: Readonly<Record<SpeedTool, Measure>> = {
  'librespeed-cli': async (input, context) =>
    parseLibrespeed(
      await timed(tied(`librespeed-cli --json --duration ${input.seconds}`), 2 * input.seconds + 10, 0, 100, context),
    ),
  'speedtest-netperf': async ({ host, seconds }, context) => {
    const server = host === undefined ? '' : ` -H ${quoted(host)} -p ${quoted(host)}`;
    const said = await timed(
      tied(`speedtest-netperf.sh${server} -t ${seconds} --sequential`),
      2 * seconds + 10,
      0,
      100,
      context,
    );
    return parseNetperf(said, host ?? null);
  },
  iperf3: async ({ host = '', port = 5_201, seconds }, context) => {
    const base = `iperf3 -c ${quoted(host)} -p ${port} -t ${seconds} -J`;
    const up = parseIperf(await timed(tied(base), seconds + 3, 0, 50, context), 'sum_received');
    const down = parseIperf(await timed(tied(`${base} -R`), seconds + 3, 50, 100, context), 'sum_received');
    const pingMs = await pingOf(host, context.router);
    return { tool: 'iperf3', downMbps: down, upMbps: up, pingMs, jitterMs: null, server: host, notes: [] };
  },
  wget: async ({ url = '', seconds }, context) => {
    const { hostname } = new URL(url);
    const downMbps = parseDownload(await timed(downloadScript(url, seconds), seconds + 2, 0, 95, context));
    const pingMs = await pingOf(hostname.replace(/^\[|\]$/gu, ''), context.router);
    return { tool: 'wget', downMbps, upMbps: null, pingMs, jitterMs: null, server: hostname.slice(0, 255), notes: [] };
  },
};

/**
 * The command, ended when its input ends or after some seconds: nothing goes on on the router when nobody waits for it any more. BusyBox has no
 * `timeout`, and who is given up by SSH is not told so.
 */
function tied(command: string, seconds?: number): string {
  return `exec 3<&0
${command} </dev/null 3<&- & p=$!
( read -r${seconds === undefined ? '' : ` -t ${seconds}`} _ <&3; kill $p ) >/dev/null 2>&1 & k=$!
wait $p; c=$?; kill $k 2>/dev/null; exit $c`;
}

/** Runs a measurement and tells each second how far it should be. @throws OperationFailure `router_said` when it ends in error. */
async function timed(
  command: string,
  seconds: number,
  from: number,
  to: number,
  { router, progress }: OperationContext,
): Promise<string> {
  const since = Date.now();
  const timer = setInterval(() => {
    const share = Math.min(0.99, (Date.now() - since) / (seconds * 1_000));
    progress('Measuring', Math.round(from + (to - from) * share));
  }, 1_000);
  try {
    const answer = await router.run(command, { timeoutSeconds: seconds + 60, holdsInput: true });
    if (answer.exitCode !== 0) throw routerSaid(answer.stderr || answer.stdout, answer.exitCode);
    return answer.stdout;
  } finally {
    clearInterval(timer);
  }
}

/** Bytes that come in within a time, and hundredths of a second that it took: BusyBox has no finer clock. */
function downloadScript(url: string, seconds: number): string {
  return `u() { read -r a _ < /proc/uptime; echo "$a"; }
b=$(u)
n=$({ ${tied(`wget -qO- ${quoted(url)} 2>/dev/null`, seconds)}; } | wc -c)
echo "$b $(u) $n"`;
}

/** Reads `BEGIN END BYTES`. @throws OperationFailure when nothing came in. */
export function parseDownload(text: string): number {
  const [begin = 0, end = 0, bytes = 0] = text.trim().split(/\s+/u).map(Number);
  if (!(bytes > 0 && end > begin)) throw routerSaid('Nothing was downloaded from this address.', null);
  return (bytes * 8) / (end - begin) / 1_000_000;
}

async function pingOf(host: string, router: Runner): Promise<number | null> {
  const { stdout } = await router.run(`ping -c 4 -w 6 ${quoted(host)} 2>/dev/null`);
  return parsePing(stdout);
}

/** The middle figure of `round-trip min/avg/max = 1.0/2.0/3.0 ms` of BusyBox and `rtt min/avg/max/mdev` of iputils. */
export function parsePing(text: string): number | null {
  const average = /(?:round-trip|rtt) [a-z/]+ = [\d.]+\/([\d.]+)\//u.exec(text)?.[1];
  return figure(average);
}

/** @throws OperationFailure `router_said` for what is not its answer, an empty list included: no server could be reached. */
export function parseLibrespeed(text: string): SpeedTestResult {
  const answer = jsonOf(text);
  const result = fieldsOf(Array.isArray(answer) ? listOf(answer)[0] : answer);
  const downMbps = figure(result.download);
  if (downMbps === null) throw routerSaid(text || 'librespeed-cli gave no result.', null);
  return {
    tool: 'librespeed-cli',
    downMbps,
    upMbps: figure(result.upload),
    pingMs: figure(result.ping),
    jitterMs: figure(result.jitter),
    server: nameOf(fieldsOf(result.server).name),
    notes: [],
  };
}

/** Reads the summary of `speedtest-netperf.sh`: `Download: 297.42 Mbps`, latencies in the lines that follow. */
export function parseNetperf(text: string, server: string | null): SpeedTestResult {
  const find = (pattern: RegExp) => {
    for (const line of linesOf(text)) {
      const value = figure(pattern.exec(line)?.[1]);
      if (value !== null) return value;
    }
    return null;
  };
  const downMbps = find(/Download:\s+([\d.]+) Mbps/u);
  if (downMbps === null) throw routerSaid(text || 'speedtest-netperf gave no result.', null);
  return {
    tool: 'speedtest-netperf',
    downMbps,
    upMbps: find(/Upload:\s+([\d.]+) Mbps/u),
    pingMs: find(/(?:Median|Avg):\s+([\d.]+)/u),
    jitterMs: null,
    server,
    notes: [],
  };
}

/** Reads `iperf3 -J`, in Mbit/s. @throws OperationFailure with iperf3's own words. */
export function parseIperf(text: string, sum: 'sum_received' | 'sum_sent'): number {
  const answer = fieldsOf(jsonOf(text));
  const rate = fieldsOf(fieldsOf(answer.end)[sum]).bits_per_second;
  const mbps = typeof rate === 'number' && rate >= 0 ? rate / 1_000_000 : null;
  if (mbps === null) throw routerSaid(nameOf(answer.error) ?? 'iperf3 gave no result.', null);
  return mbps;
}

function figure(value: unknown): number | null {
  const number = typeof value === 'string' && /^\d{1,9}(\.\d+)?$/u.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : null;
}
