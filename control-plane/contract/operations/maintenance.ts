import { z } from 'zod';
import { ChangeOutcome, change, read } from './operation.ts';
import { RouterText } from './values.ts';

/** Files, uci sections, tables and queues of ours, each in words that name it exactly. */
export const ResetPreview = z.strictObject({ items: z.array(z.string().max(300)).max(500) });
export type ResetPreview = z.infer<typeof ResetPreview>;

/** Name of a file of `/etc/config`. */
export const ConfigName = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/u);

/** One package of uci as its file has it. */
export const ConfigFile = z.strictObject({ name: ConfigName, text: z.string().max(262_144) });
export type ConfigFile = z.infer<typeof ConfigFile>;

/** A configuration; at most 2 MiB of text. It holds the keys of Wi-Fi and VPN: treat it as a secret. */
export const Configuration = z.strictObject({
  files: z
    .array(ConfigFile)
    .max(200)
    .refine((files) => new Set(files.map((file) => file.name)).size === files.length, {
      message: 'must not name a file twice',
    })
    .refine((files) => files.reduce((sum, file) => sum + file.text.length, 0) <= 2_097_152, {
      message: 'must be at most 2 MiB',
    }),
});
export type Configuration = z.infer<typeof Configuration>;

/** What applying would change, line by line, as a unified diff; null when a file is the same. Secrets are masked. */
export const ConfigurationPreview = z.strictObject({
  files: z
    .array(
      z.strictObject({
        name: ConfigName,
        change: z.enum(['same', 'changed', 'new']),
        added: z.int().min(0),
        removed: z.int().min(0),
        diff: z.string().max(200_000).nullable(),
      }),
    )
    .max(200),
  /** Names the state of the router that was compared with; applying wants it back. */
  revision: z.string().regex(/^[0-9a-f]{16}$/u),
  warnings: z.array(z.string().max(300)).max(20),
});
export type ConfigurationPreview = z.infer<typeof ConfigurationPreview>;

/** Packages that operations need, and only those; anything else is a matter for a terminal. */
export const OPERATION_PACKAGES = [
  'nlbwmon',
  'librespeed-cli',
  'speedtest-netperf',
  'iperf3',
  'tc-tiny',
  'kmod-sched-core',
  'nftables-json',
] as const;
export const OperationPackage = z.enum(OPERATION_PACKAGES);
export type OperationPackage = z.infer<typeof OperationPackage>;

export const PackageState = z.strictObject({
  manager: z.enum(['opkg', 'apk']).nullable(),
  packages: z.array(z.strictObject({ name: OperationPackage, version: RouterText.nullable() })),
  /** Of the writable file system; packages are refused that would leave less than 500 KiB. */
  freeBytes: z.number().int().min(0),
});
export type PackageState = z.infer<typeof PackageState>;

const PackageNames = z.array(OperationPackage).min(1).max(OPERATION_PACKAGES.length);
const PackageChange = z.strictObject({ ...ChangeOutcome.shape, ...PackageState.shape });

export const MAINTENANCE_OPERATIONS = {
  'reset.preview': read(z.strictObject({}), ResetPreview),
  /** Removes all that we put on the router, and gives back what we switched off. */
  'reset.run': change(
    z.strictObject({}),
    z.strictObject({ ...ChangeOutcome.shape, removed: ResetPreview.shape.items }),
    'router.configure',
    {
      risk: 'high',
    },
  ),
  /** `router.configure` too: it reads every secret of the configuration. */
  'config.export': { ...read(z.strictObject({}), Configuration), permission: 'router.configure' },
  'config.preview': { ...read(Configuration, ConfigurationPreview), permission: 'router.configure' },
  /** Replaces the named files and reloads what they govern; files that are not named stay. */
  'config.apply': change(
    z.strictObject({ ...Configuration.shape, revision: ConfigurationPreview.shape.revision }),
    ChangeOutcome,
    'router.configure',
    { risk: 'high', timeoutSeconds: 180 },
  ),
  /** Answers before the router goes down. */
  'router.reboot': change(z.strictObject({}), ChangeOutcome, 'router.configure', { risk: 'high' }),
  'packages.read': read(z.strictObject({}), PackageState),
  'packages.install': change(z.strictObject({ names: PackageNames }), PackageChange, 'router.configure', {
    timeoutSeconds: 600,
    job: true,
  }),
  'packages.remove': change(z.strictObject({ names: PackageNames }), PackageChange, 'router.configure', {
    timeoutSeconds: 300,
    job: true,
  }),
} as const;
