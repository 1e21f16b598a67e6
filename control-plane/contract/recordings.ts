import { z } from 'zod';

/** Why a terminal cannot be recorded at the moment; while it lasts, input and output of that terminal stop. */
export const RecordingTrouble = z.enum([
  'disk_full',
  'not_permitted',
  'disk_failed',
  'disk_stuck',
  'file_gone',
  'size_limit',
  'broken',
]);
export type RecordingTrouble = z.infer<typeof RecordingTrouble>;
