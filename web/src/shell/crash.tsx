import { Button, Center, Stack, Text, Title } from '@mantine/core';

/** When a page itself fails: never a blank screen. Sessions run on, they are not in the page. */
export function Crash() {
  return (
    <Center component="main" mih="100dvh" p="md">
      <Stack maw={420} ta="center">
        <Title order={1} size="h2">
          This page failed
        </Title>
        <Text c="dimmed">Your sessions go on. Loading the page again usually helps.</Text>
        <Button onClick={() => location.reload()}>Load again</Button>
      </Stack>
    </Center>
  );
}
