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
    { ...common, displayName: 'unit', testMatch: ['<rootDir>/**/*.test.ts'] },
    {
      ...common,
      displayName: 'integration',
      testMatch: ['<rootDir>/**/*.integration.ts'],
      setupFilesAfterEnv: ['<rootDir>/control-plane/test/patience.ts'],
    },
    {
      ...common,
      displayName: 'browser',
      testMatch: ['<rootDir>/**/*.browser.ts'],
      setupFilesAfterEnv: ['<rootDir>/control-plane/test/patience.ts'],
    },
  ],
};

export default config;
