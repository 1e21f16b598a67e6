import { z } from 'zod';
import { type Operation, read } from './operation.ts';
import { RouterText } from './values.ts';

/** What can measure a line from the router, best first; `wget` is there always and measures one download only. */
export const SPEED_TOOLS = ['librespeed-cli', 'speedtest-netperf', 'iperf3', 'wget'] as const;
export const SpeedTool = z.enum(SPEED_TOOLS);
export type SpeedTool = z.infer<typeof SpeedTool>;

export const SpeedTools = z.strictObject({
  installed: z.array(SpeedTool),
  /** Packages that would measure better than what is there. */
  installable: z.array(RouterText).max(8),
});
export type SpeedTools = z.infer<typeof SpeedTools>;

/** Host name or address; no leading hyphen, so that it is never read as an option. */
const Host = z.string().regex(/^[A-Za-z0-9[][A-Za-z0-9.:\]-]{0,252}$/u, 'must be a host name or address');

export const SpeedTestInput = z.strictObject({
  /** The best one that is installed when left out. */
  tool: SpeedTool.optional(),
  /** For iperf3 and speedtest-netperf: the other end. */
  host: Host.optional(),
  port: z.int().min(1).max(65_535).optional(),
  /** For wget: what it downloads, at most for `seconds`. */
  url: z
    .url({ protocol: /^https?$/u })
    .max(500)
    .regex(/^[\x21-\x7e]+$/u)
    .optional(),
  seconds: z.int().min(3).max(60).default(10),
});
export type SpeedTestInput = z.output<typeof SpeedTestInput>;

export const SpeedTestResult = z.strictObject({
  tool: SpeedTool,
  downMbps: z.number().min(0).nullable(),
  upMbps: z.number().min(0).nullable(),
  pingMs: z.number().min(0).nullable(),
  jitterMs: z.number().min(0).nullable(),
  server: RouterText.nullable(),
  /** What the figures do not say, e.g. that the processor of the router was the bound. */
  notes: z.array(z.string().max(300)).max(8),
});
export type SpeedTestResult = z.infer<typeof SpeedTestResult>;

const speedTest: Operation<typeof SpeedTestInput, typeof SpeedTestResult> = {
  input: SpeedTestInput,
  output: SpeedTestResult,
  permission: 'router.operate',
  risk: 'low',
  changes: false,
  timeoutSeconds: 240,
  job: true,
};

export const LINE_OPERATIONS = {
  'speedtest.tools': read(z.strictObject({}), SpeedTools),
  'speedtest.run': speedTest,
} as const;
