/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';

const transform: Config['transform'] = {
  '^.+\\.tsx?$': [
    '@swc/jest',
    {
      jsc: {
        parser: { syntax: 'typescript', tsx: true },
        target: 'es2022',
        transform: { react: { runtime: 'automatic' } },
      },
      module: { type: 'es6' },
    },
  ],
};

const PROPERTIES = '<rootDir>/control-plane/test/properties.ts';
const PATIENCE = '<rootDir>/control-plane/test/patience.ts';

const common = {
  rootDir: process.cwd(),
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  transform,
  transformIgnorePatterns: ['/node_modules/'],
  modulePathIgnorePatterns: ['/dist/', '/.netpilot/'],
};

/**
 * Three projects by what they need: `unit` nothing but Node, `integration` real Docker, PostgreSQL and SSH,
 * `browser` all of it and Chromium. A file says which it is by its name: `*.test.ts`, `*.integration.ts`, `*.browser.ts`.
 */
const config: Config = {
  projects: [
    { ...common, displayName: 'unit', testMatch: ['<rootDir>/**/*.test.ts'], setupFilesAfterEnv: [PROPERTIES] },
    {
      ...common,
      displayName: 'integration',
      testMatch: ['<rootDir>/**/*.integration.ts'],
      setupFilesAfterEnv: [PROPERTIES, PATIENCE],
    },
    {
      ...common,
      displayName: 'browser',
      testMatch: ['<rootDir>/**/*.browser.ts'],
      setupFilesAfterEnv: [PROPERTIES, PATIENCE],
    },
  ],
};

export default config;
