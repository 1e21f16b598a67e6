import { Obstacle } from './obstacle.ts';

/** What a person may choose about a local installation. */
export interface LocalSettings {
  /** With a development server for the web application, and an api that restarts when its sources change. */
  dev: boolean;
  apiPort: number;
  webPort: number;
  identityPort: number;
  tunnelPort: number;
  /** What to open in the browser. */
  publicUrl: string;
  /** NETPILOT_* variables that the processes get as they are, such as limits. */
  passedOn: Record<string, string>;
}

/**
 * Reads NETPILOT_PORT (8080), NETPILOT_WEB_PORT (5173, development only), NETPILOT_IDENTITY_PORT (8089) and NETPILOT_TUNNEL_PORT (2222).
 * @throws Obstacle naming the variable that is not a port.
 */
export function readSettings(environment: NodeJS.ProcessEnv, dev: boolean): LocalSettings {
  const port = (variable: string, fallback: number) => {
    const text = environment[variable];
    if (text === undefined || text === '') return fallback;
    const value = Number(text);
    if (!/^\d{1,5}$/u.test(text) || value < 1 || value > 65_535) {
      throw new Obstacle(`${variable} must be a port from 1 to 65535: correct it or leave it out.`);
    }
    return value;
  };
  const apiPort = port('NETPILOT_PORT', 8_080);
  const webPort = port('NETPILOT_WEB_PORT', 5_173);
  const passedOn = Object.fromEntries(
    Object.entries(environment).filter(
      (entry): entry is [string, string] => entry[0].startsWith('NETPILOT_') && entry[1] !== undefined,
    ),
  );
  return {
    dev,
    apiPort,
    webPort,
    identityPort: port('NETPILOT_IDENTITY_PORT', 8_089),
    tunnelPort: port('NETPILOT_TUNNEL_PORT', 2_222),
    publicUrl: `http://127.0.0.1:${dev ? webPort : apiPort}`,
    passedOn,
  };
}
