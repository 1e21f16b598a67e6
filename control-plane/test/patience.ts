import { jest } from '@jest/globals';

/** Real containers, databases and browsers share two cores: a test here waits for what happens, and this is only the end of patience. */
jest.setTimeout(180_000);
