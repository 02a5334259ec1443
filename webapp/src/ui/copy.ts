// Copying text. Pages that are not secure have no clipboard to write to: there, what is selected is copied.

export async function copyText(text: string, field: HTMLInputElement): Promise<boolean> {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Refused: try the old way.
    }
  }
  field.select();
  return document.execCommand('copy');
}
