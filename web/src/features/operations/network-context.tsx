import type { Router } from '@netpilot/control-plane/contract/routers.ts';
import { createContext, useContext } from 'react';
import type { OwnSession } from './use-own-session.ts';

/** What every section of a router's network pages stands on. */
export interface Network {
  router: Router;
  own: OwnSession;
  /** Devices, blocks, limits, groups. */
  mayOperate: boolean;
  /** Wi-Fi, configuration, packages, reset. */
  mayConfigure: boolean;
}

export const NetworkContext = createContext<Network | null>(null);

/** @throws Error outside of the network pages. */
export function useNetwork(): Network {
  const network = useContext(NetworkContext);
  if (network === null) throw new Error('this is a part of the network pages');
  return network;
}
