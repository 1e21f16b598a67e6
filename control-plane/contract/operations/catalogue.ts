import { z } from 'zod';
import { ACCESS_OPERATIONS } from './access.ts';
import { DEVICE_OPERATIONS } from './devices.ts';
import { LINE_OPERATIONS } from './line.ts';
import { MAINTENANCE_OPERATIONS } from './maintenance.ts';
import { STATUS_OPERATIONS } from './status.ts';
import { USAGE_OPERATIONS } from './usage.ts';
import { WIFI_OPERATIONS } from './wifi.ts';

/** Every operation, once. A single command (`POST /v1/exec`) stands beside it: its input is a person's own words. */
export const OPERATIONS = {
  ...DEVICE_OPERATIONS,
  ...ACCESS_OPERATIONS,
  ...WIFI_OPERATIONS,
  ...LINE_OPERATIONS,
  ...USAGE_OPERATIONS,
  ...STATUS_OPERATIONS,
  ...MAINTENANCE_OPERATIONS,
} as const;

export type OperationName = keyof typeof OPERATIONS;
export const OperationName = z.enum(Object.keys(OPERATIONS) as [OperationName, ...OperationName[]]);

/** What a caller gives; fields with a default may be left out. */
export type OperationInput<N extends OperationName> = z.input<(typeof OPERATIONS)[N]['input']>;
/** What an implementation gets. */
export type OperationArguments<N extends OperationName> = z.output<(typeof OPERATIONS)[N]['input']>;
export type OperationOutput<N extends OperationName> = z.output<(typeof OPERATIONS)[N]['output']>;
