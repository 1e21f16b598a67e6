import type { DemoPerson } from './login-page.ts';

export interface SeededPerson extends DemoPerson {
  /** Organisation that the demo creates for them, with one router in it; null for who only oversees. */
  organisation: string | null;
  router: string | null;
  /** What is installed on that router beside what OpenWrt comes with. */
  packages?: readonly string[];
}

/** Who can sign in to the demo. The e-mail addresses lie in a domain that can never exist (RFC 2606). */
export const DEMO_PEOPLE: readonly SeededPerson[] = [
  {
    subject: 'demo-alice',
    name: 'Alice Archer',
    email: 'alice@demo.test',
    note: 'Northern Cafe',
    organisation: 'Northern Cafe',
    router: 'cafe-router',
    packages: ['tc-tiny', 'nlbwmon'],
  },
  {
    subject: 'demo-bob',
    name: 'Bob Baker',
    email: 'bob@demo.test',
    note: 'Southern Farm',
    organisation: 'Southern Farm',
    router: 'farm-router',
  },
  {
    subject: 'demo-admin',
    name: 'Admin Ames',
    email: 'admin@demo.test',
    note: 'platform administrator',
    organisation: null,
    router: null,
  },
];

/** Verified e-mail addresses that administrate the platform in the demo. */
export const DEMO_ADMINISTRATORS = ['admin@demo.test'];
