import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { GatewayEvent, type GatewaySession, type GatewayTunnel } from '../../../contract/gateway.ts';
import { GatewayView } from './gateway-view.ts';

const instant = fc
  .date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })
  .map((at) => at.toISOString());
/** Few ids, so that events meet. */
const id = fc.constantFrom(...[1, 2, 3, 4].map((n) => `3f0c9a5e-6f5d-4f43-9a6f-0c1d2e3f4a5${n}`));
const session: fc.Arbitrary<GatewaySession> = fc.record({
  sessionId: id,
  state: fc.constantFrom('queued', 'starting', 'ready', 'gone'),
  queue: fc.constant(null),
  sandboxId: fc.option(id),
  imageDigest: fc.option(fc.string({ maxLength: 100 })),
  detail: fc.option(fc.string({ maxLength: 500 })),
  cause: fc.option(fc.constantFrom('ended', 'start_failed', 'exited', 'out_of_memory', 'lost')),
});
const tunnel: fc.Arbitrary<GatewayTunnel> = fc.record({
  routerId: id,
  organisationId: id,
  port: fc.integer({ min: 1, max: 65_535 }),
  tunnel: fc.record({
    up: fc.boolean(),
    since: fc.option(instant),
    latencyMs: fc.option(fc.integer({ min: 0, max: 1_000 })),
    lastSeenAt: fc.option(instant),
  }),
});
const event: fc.Arbitrary<GatewayEvent> = fc.oneof(
  session.map((said): GatewayEvent => ({ type: 'session', session: said })),
  tunnel.map((said): GatewayEvent => ({ type: 'tunnel', tunnel: said })),
  fc
    .tuple(
      fc.uniqueArray(session, { selector: ({ sessionId }) => sessionId, maxLength: 4 }),
      fc.uniqueArray(tunnel, { selector: ({ routerId }) => routerId, maxLength: 4 }),
    )
    .map(([sessions, tunnels]): GatewayEvent => ({ type: 'snapshot', sessions, tunnels })),
  fc.constant<GatewayEvent>({ type: 'heartbeat' }),
);

describe('what the gateway says', () => {
  test('nothing but an event of the contract is one', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => expect(GatewayEvent.safeParse(value).success).toBe(false)));
    fc.assert(
      fc.property(event, fc.string({ minLength: 1 }), fc.jsonValue(), (good, key, value) => {
        expect(GatewayEvent.safeParse(good).success).toBe(true);
        fc.pre(key !== '__proto__' && !Object.hasOwn(good, key));
        expect(GatewayEvent.safeParse({ ...good, [key]: value }).success).toBe(false);
      }),
    );
  });

  test('after any events a snapshot is the whole truth, and listeners have heard their way to it', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (events) => {
        const view = new GatewayView();
        const heard = new Map<string, GatewaySession>();
        for (const one of events) {
          for (const change of view.apply(one)) {
            if (change.type !== 'session') continue;
            if (change.session.state === 'gone') heard.delete(change.session.sessionId);
            else heard.set(change.session.sessionId, change.session);
          }
          expect([...view.sessions.values()].every(({ state }) => state !== 'gone')).toBe(true);
          expect(Object.fromEntries(heard)).toEqual(Object.fromEntries(view.sessions));
          if (one.type !== 'snapshot') continue;
          const there = one.sessions.filter(({ state }) => state !== 'gone').map(({ sessionId }) => sessionId);
          expect([...view.sessions.keys()].sort()).toEqual(there.sort());
          expect([...view.tunnels.keys()].sort()).toEqual(one.tunnels.map(({ routerId }) => routerId).sort());
        }
        view.disconnect();
        expect([...view.tunnels.values()].some((known) => known.tunnel.up)).toBe(false);
      }),
    );
  });
});
