import { describe, expect, test } from '@jest/globals';
import type { ChainPlace } from '@netpilot/db/audit-chain.ts';
import * as fc from 'fast-check';
import type { AuditHead } from '../../../contract/audit.ts';
import { CHAIN_START, type ChainedEntry, digestOf } from './chain.ts';
import { ChainCheck } from './verify.ts';

const text = fc.string({ unit: 'binary', maxLength: 12 });
const orNull = fc.option(text, { nil: null });
const entries: fc.Arbitrary<ChainedEntry> = fc.record({
  id: fc.uuid(),
  at: fc.date({ noInvalidDate: true }),
  organisationId: orNull,
  actorId: orNull,
  actorName: orNull,
  subjectId: orNull,
  action: text,
  details: text,
});

/** The chain that the database would have made of these. */
function chainOf(list: readonly ChainedEntry[]): ChainPlace[] {
  let hash = CHAIN_START;
  return list.map((entry, index) => {
    hash = digestOf(hash, index + 1, entry);
    return { ...entry, position: index + 1, hash, eventId: entry.id };
  });
}

function check(places: readonly ChainPlace[], noted?: AuditHead) {
  const pass = new ChainCheck({ trusted: null, noted });
  pass.take(places, []);
  return pass.result();
}

describe('a chain', () => {
  const chains = fc.array(entries, { minLength: 3, maxLength: 12 }).map(chainOf);

  test('that nobody touched is intact, and its head stands for all of it', () => {
    fc.assert(
      fc.property(chains, (places) => {
        const { intact, entries: count, head } = check(places);
        expect([intact, count]).toEqual([true, places.length]);
        expect(head?.hash).toBe(places.at(-1)?.hash.toString('hex'));
      }),
    );
  });

  test('that lost its end, or was written anew, does not fit a head that somebody noted', () => {
    fc.assert(
      fc.property(chains, fc.nat(), (places, at) => {
        const { head } = check(places);
        expect(check(places, head ?? undefined).intact).toBe(true);
        const shorter = places.slice(0, at % places.length);
        expect(check(shorter, head ?? undefined).fault).toMatchObject({ kind: 'cut', position: shorter.length + 1 });
        const [first, ...rest] = places as [ChainPlace, ...ChainPlace[]];
        const anew = chainOf([
          { ...(first as ChainedEntry), action: `not ${first.action}` },
          ...(rest as ChainedEntry[]),
        ]);
        expect(check(anew, head ?? undefined).fault).toMatchObject({ kind: 'rewritten', position: places.length });
      }),
    );
  });

  test('shows every change of every field', () => {
    const fields = ['at', 'organisationId', 'actorId', 'actorName', 'subjectId', 'action', 'details', 'id'] as const;
    fc.assert(
      fc.property(chains, fc.nat(), fc.constantFrom(...fields), entries, (places, at, name, other) => {
        const index = at % places.length;
        const victim = places[index] as ChainPlace;
        const value = other[name];
        fc.pre(String(value) !== String(victim[name]) || value === null || victim[name] === null);
        fc.pre(value !== victim[name]);
        const changed = places.with(index, { ...victim, [name]: value });
        expect(check(changed).fault).toMatchObject({ kind: 'changed', position: index + 1 });
      }),
    );
  });

  test('shows an entry that is missing, with or without its place', () => {
    fc.assert(
      fc.property(chains, fc.nat(), fc.boolean(), (places, at, withPlace) => {
        const index = at % (places.length - 1);
        const victim = places[index] as ChainPlace;
        const cut = withPlace ? places.toSpliced(index, 1) : places.with(index, { ...victim, id: null });
        expect(check(cut).fault).toMatchObject({ kind: 'missing', position: index + 1 });
      }),
    );
  });

  test('shows two entries that changed places', () => {
    fc.assert(
      fc.property(chains, fc.nat(), fc.nat(), (places, one, other) => {
        const [from, to] = [one % places.length, other % places.length].toSorted((a, b) => a - b) as [number, number];
        fc.pre(from !== to);
        const [first, second] = [places[from] as ChainPlace, places[to] as ChainPlace];
        // Their rows as they are, with the positions exchanged.
        const swapped = places
          .with(from, { ...second, position: first.position })
          .with(to, { ...first, position: second.position });
        expect(check(swapped).fault).toMatchObject({ kind: 'changed', position: from + 1 });
      }),
    );
  });
});

test('no two entries are written the same: a field cannot lend its bytes to its neighbour', () => {
  const base: ChainedEntry = {
    id: 'i',
    at: new Date(0),
    organisationId: null,
    actorId: null,
    actorName: 'a',
    subjectId: 'b',
    action: 'sign_in',
    details: '{}',
  };
  const digest = (change: Partial<ChainedEntry>) => digestOf(CHAIN_START, 1, { ...base, ...change }).toString('hex');
  expect(digest({ actorName: 'a,1:b', subjectId: '' })).not.toBe(digest({}));
  expect(digest({ actorName: null })).not.toBe(digest({ actorName: '-' }));
  expect(digest({ actorName: '' })).not.toBe(digest({ actorName: null }));
});
