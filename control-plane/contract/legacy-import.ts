import { z } from 'zod';

/** Files of the earlier NetPilot, as their text was parsed; a file that is not there is left out. */
export const LEGACY_FILES = [
  'devices.json',
  'netpilot.json',
  'whitelist.json',
  'blacklist.json',
  'mode.json',
  'netpilot_state.json',
  'router.json',
  'Ips_to_scan.json',
] as const;
export const LegacyFile = z.enum(LEGACY_FILES);
export type LegacyFile = z.infer<typeof LegacyFile>;

export const LegacyImportInput = z.strictObject({
  /** Says what would happen and changes nothing. */
  dryRun: z.boolean(),
  files: z.partialRecord(LegacyFile, z.unknown()),
});
export type LegacyImportInput = z.infer<typeof LegacyImportInput>;

export const ImportRow = z.strictObject({
  file: LegacyFile,
  /** What the row is, by its own words; printable and shortened. */
  subject: z.string(),
  outcome: z.enum(['new', 'changed', 'same', 'skipped']),
  /** Why it was skipped or what changes. */
  detail: z.string(),
});
export type ImportRow = z.infer<typeof ImportRow>;

export const ImportReport = z.strictObject({
  dryRun: z.boolean(),
  rows: z.array(ImportRow),
  /** Lists, rates or the mode differ from the router now: they are shown as drift until somebody applies them. */
  policiesChanged: z.boolean(),
});
export type ImportReport = z.infer<typeof ImportReport>;
