import { Box, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconInfoCircle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { Tone } from './state-dot.tsx';

const ICONS = {
  good: IconCircleCheck,
  info: IconInfoCircle,
  idle: IconInfoCircle,
  warn: IconAlertTriangle,
  bad: IconAlertTriangle,
} as const;

interface NoticeProps {
  tone: Tone;
  title?: ReactNode;
  children?: ReactNode;
  /** Read out at once when it appears. */
  urgent?: boolean;
}

/** A coloured box with an icon, a title and what to do. */
export function Notice({ tone, title, children, urgent }: NoticeProps) {
  const Icon = ICONS[tone];
  return (
    <div className="np-notice" data-tone={tone} role={urgent ? 'alert' : 'status'}>
      <Icon size={20} aria-hidden />
      <Box flex={1} miw={0}>
        {title && (
          <Text fw={650} size="sm">
            {title}
          </Text>
        )}
        {children && (
          <Text component="div" size="sm">
            {children}
          </Text>
        )}
      </Box>
    </div>
  );
}
