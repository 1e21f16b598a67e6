import { z } from 'zod';
import { ChangeOutcome, change, read } from './operation.ts';
import { Mac, Rates, TimeWindows } from './values.ts';

const DisplayedName = z.string().trim().min(1).max(80);

/** No Internet for a device, always or in windows. */
export const Block = z.strictObject({ mac: Mac, windows: TimeWindows });
export type Block = z.output<typeof Block>;

/** Group 0 is Guest: it cannot be deleted, and its policy holds for strangers too (`AccessPlan.known`). */
export const GUEST_GROUP = 0;
export const GroupId = z.int().min(0).max(99);

/** What holds for a group, within its windows (none: always). Members share `limit` between them. */
export const GroupPolicy = z.strictObject({
  block: z.boolean(),
  limit: Rates.nullable(),
  windows: TimeWindows,
});
export type GroupPolicy = z.output<typeof GroupPolicy>;

export const Group = z.strictObject({
  id: GroupId,
  name: DisplayedName,
  policy: GroupPolicy,
  members: z.array(Mac).max(1_024),
});
export type Group = z.output<typeof Group>;

export const MODES = ['whitelist', 'blacklist'] as const;
/** `whitelist`: everybody but the listed is limited. `blacklist`: only the listed are. */
export const Mode = z.enum(MODES);
export type Mode = z.infer<typeof Mode>;

export const ModeSettings = z.strictObject({
  devices: z.array(Mac).max(1_024),
  /** Shared by all limited devices. */
  limited: Rates,
  /** Shared by the others; null in a direction is as fast as the line. */
  full: Rates,
});
export type ModeSettings = z.output<typeof ModeSettings>;

/**
 * Everything we want of a router's devices, as it is kept on the router. For one device the first that applies holds: its own block, the policy of its
 * group where that limits or blocks, the active mode.
 */
export const AccessPlan = z.strictObject({
  blocks: z.array(Block).max(1_024),
  activeMode: Mode.nullable(),
  whitelist: ModeSettings,
  blacklist: ModeSettings,
  groups: z.array(Group).max(100),
  /**
   * Devices that are no strangers. Once this is not null, the policy of Guest holds for every device that is neither here nor in a block, a group or the
   * list of the active mode, from its first packet on.
   */
  known: z.array(Mac).max(4_096).nullable().default(null),
});
export type AccessPlan = z.output<typeof AccessPlan>;

/** Defaults of the modes: limited to 50 Mbit/s, the others as fast as the line. */
export const EMPTY_PLAN: AccessPlan = {
  blocks: [],
  activeMode: null,
  whitelist: { devices: [], limited: { downMbps: 50, upMbps: 50 }, full: { downMbps: null, upMbps: null } },
  blacklist: { devices: [], limited: { downMbps: 50, upMbps: 50 }, full: { downMbps: null, upMbps: null } },
  groups: [{ id: GUEST_GROUP, name: 'Guest', policy: { block: false, limit: null, windows: [] }, members: [] }],
  known: null,
};

/** Names a state of the plan on the router; changes whenever anybody changes it there. */
export const Revision = z.string().regex(/^[0-9a-f]{16}$/u);

/** What the kernel has, read back. */
export const AccessEffect = z.strictObject({
  /** Blocks, limits and lists as the plan wants them are loaded. False also when somebody took a part away. */
  loaded: z.boolean(),
  /** What differs, in words. */
  differences: z.array(z.string().max(300)).max(50),
  /** What shapes: `htb` delays, `policer` drops over the rate, `none` when nothing is limited. */
  engine: z.enum(['htb', 'policer', 'none']),
  /** Rates as they are really set; null where none is. */
  classes: z
    .array(
      z.strictObject({
        name: z.string().max(80),
        downMbps: z.number().min(0).nullable(),
        upMbps: z.number().min(0).nullable(),
        devices: z.int().min(0),
      }),
    )
    .max(256),
  blockedNow: z.array(Mac).max(4_096),
  /** What hardware or software offloading is set to; it is off while anything is blocked or limited, and restored after. */
  flowOffloading: z.enum(['on', 'off', 'off_for_policies']),
});
export type AccessEffect = z.output<typeof AccessEffect>;

export const AccessState = z.strictObject({ plan: AccessPlan, revision: Revision, effect: AccessEffect });
export type AccessState = z.output<typeof AccessState>;

export const AccessChange = z.strictObject({ ...ChangeOutcome.shape, ...AccessState.shape });
export type AccessChange = z.output<typeof AccessChange>;

/** Who asks: the devices known to be theirs are only blocked when they confirm it. */
export const Asker = z.strictObject({
  devices: z.array(Mac).max(32).default([]),
  confirmed: z.boolean().default(false),
});

export const ACCESS_OPERATIONS = {
  /** Blocks, modes, lists and groups as they are on the router, and what the kernel makes of them. */
  'access.read': read(z.strictObject({}), AccessState),
  /** Blocks a device, or gives its block other windows. */
  'access.block': change(
    z.strictObject({ mac: Mac, windows: TimeWindows.default([]), asker: Asker.prefault({}) }),
    AccessChange,
    'router.operate',
  ),
  'access.unblock': change(z.strictObject({ mac: Mac }), AccessChange, 'router.operate'),
  /** Adds to and removes from the list of a mode, active or not. */
  'access.list': change(
    z.strictObject({
      mode: Mode,
      add: z.array(Mac).max(1_024).default([]),
      remove: z.array(Mac).max(1_024).default([]),
    }),
    AccessChange,
    'router.operate',
  ),
  'access.rates': change(z.strictObject({ mode: Mode, limited: Rates, full: Rates }), AccessChange, 'router.operate'),
  /** Activates a mode and with that ends the other; null ends both. */
  'access.mode': change(z.strictObject({ mode: Mode.nullable() }), AccessChange, 'router.operate'),
  /** Makes a group or replaces it. A device that is named leaves its former group. */
  'access.group': change(z.strictObject({ group: Group, asker: Asker.prefault({}) }), AccessChange, 'router.operate'),
  'access.delete_group': change(z.strictObject({ id: GroupId.min(1) }), AccessChange, 'router.operate'),
  /** Tells strangers from the rest (`AccessPlan.known`); null treats nobody as a stranger. */
  'access.known': change(
    z.strictObject({ known: z.array(Mac).max(4_096).nullable(), asker: Asker.prefault({}) }),
    AccessChange,
    'router.operate',
  ),
  /** Puts a whole plan in the place of the router's; `revision` is the one it is meant to replace, null replaces any. */
  'access.apply': change(
    z.strictObject({ plan: AccessPlan, revision: Revision.nullable(), asker: Asker.prefault({}) }),
    AccessChange,
    'router.operate',
  ),
} as const;
