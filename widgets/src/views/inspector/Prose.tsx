/** A sentence from the server: what stands between backticks is code, everything else is text. */

export function Prose({ text }: { text: string }) {
  const parts = text.split(/`([^`]+)`/);
  return (
    <>
      {parts.map((part, index) =>
        index % 2 ? (
          <code key={index} className="wb-inline-code">
            {part}
          </code>
        ) : (
          part
        ),
      )}
    </>
  );
}
