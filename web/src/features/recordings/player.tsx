import 'asciinema-player/dist/bundle/asciinema-player.css';
import { type Player as AsciinemaPlayer, create } from 'asciinema-player';
import { Box } from '@mantine/core';
import { useEffect, useImperativeHandle, useRef, type Ref } from 'react';
import type { Cast, CastEvent } from './cast.ts';
import './player.css';

/** What a page does with a player; seconds are those of what is played. */
export interface PlayerHandle {
  seek(seconds: number): void;
  now(): number;
}

interface PlayerProps {
  cast: Cast;
  events: readonly CastEvent[];
  markers: readonly (readonly [seconds: number, label: string])[];
  speed: number;
  /** Where it begins when it is made anew. */
  startAt: number;
  autoPlay: boolean;
  onTrouble: (error: unknown) => void;
  ref: Ref<PlayerHandle>;
}

/** asciinema-player around one recording; made anew when what it plays, or how fast, changes. */
export function Player({ cast, events, markers, speed, startAt, autoPlay, onTrouble, ref }: PlayerProps) {
  const element = useRef<HTMLDivElement>(null);
  const player = useRef<AsciinemaPlayer | null>(null);
  useImperativeHandle(ref, () => ({
    // What happens at that very moment is to be seen.
    seek: (seconds) => void player.current?.seek(seconds + 0.001),
    now: () => player.current?.getCurrentTime() ?? 0,
  }));
  useEffect(() => {
    if (element.current === null) return undefined;
    // The player counts milliseconds.
    const inPlayersTime = events.map(([seconds, code, data]): CastEvent => [seconds * 1_000, code, data]);
    const parser = () => ({ cols: cast.cols, rows: cast.rows, events: inPlayersTime });
    const made = create({ data: '', parser }, element.current, {
      cols: cast.cols,
      rows: cast.rows,
      autoPlay,
      preload: true,
      startAt,
      speed,
      markers: markers.map(([seconds, label]) => [seconds, label]),
      fit: 'width',
      controls: true,
      theme: 'netpilot',
      terminalFontFamily: 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
      logger: {
        ...console,
        debug: () => {},
        info: () => {},
        log: () => {},
        error: (...said: unknown[]) => onTrouble(said[0]),
      },
    });
    player.current = made;
    return () => {
      player.current = null;
      made.dispose();
    };
  }, [cast, events, markers, speed, startAt, autoPlay, onTrouble]);
  return <Box ref={element} className="np-player" role="region" aria-label="Player" />;
}
