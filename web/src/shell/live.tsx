import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, createContext, useContext, useEffect, useState } from 'react';
import { applyEvent } from '../api/apply-event.ts';
import { EventsConnection, type EventsState } from '../api/events.ts';
import { keys } from '../api/keys.ts';

const LiveState = createContext<EventsState>('connecting');

/** Holds the events socket open while a person is signed in and brings what it says into the query cache. */
export function LiveUpdates({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [state, setState] = useState<EventsState>('connecting');
  useEffect(() => {
    const connection = new EventsConnection((event) => void applyEvent(client, event));
    connection.watch(() => {
      setState(connection.state);
      if (connection.state === 'signed_out') client.setQueryData(keys.me, null);
    });
    return () => connection.close();
  }, [client]);
  return <LiveState value={state}>{children}</LiveState>;
}

/** State of the line to the bastion, as the events socket has it. */
export const useLiveState = (): EventsState => useContext(LiveState);
