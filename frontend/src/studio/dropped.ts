// What was dropped or chosen, as a flat list of files: folders are walked, and what is no sound is left out.

const SOUND = /\.(wav|wave|aif|aiff|aifc|flac|m4a|mp4|aac|mp3|opus|ogg|oga|zip)$/i;

export interface Picked {
  readonly files: File[];
  /** How many files of chosen folders are no sounds and were left out. */
  readonly leftOut: number;
}

/** The files of a drop. Files dropped by themselves are all taken: the server judges them by content. */
export async function fromDrop(transfer: DataTransfer): Promise<Picked> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (!entries.length) return { files: [...transfer.files], leftOut: 0 };
  const single: File[] = [];
  const walked: File[] = [];
  for (const entry of entries) {
    if (entry.isDirectory) walked.push(...(await walk(entry as FileSystemDirectoryEntry)));
    else single.push(await fileOf(entry as FileSystemFileEntry));
  }
  const sounds = walked.filter((file) => SOUND.test(file.name));
  return { files: [...single, ...sounds], leftOut: walked.length - sounds.length };
}

/** The sounds of a chosen folder, in the order of their paths. */
export function fromFolder(list: FileList): Picked {
  const all = [...list].sort((a, b) => a.webkitRelativePath.localeCompare(b.webkitRelativePath, undefined, { numeric: true }));
  const files = all.filter((file) => SOUND.test(file.name));
  return { files, leftOut: all.length - files.length };
}

async function walk(folder: FileSystemDirectoryEntry): Promise<File[]> {
  const entries = await listing(folder);
  entries.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
  const files: File[] = [];
  for (const entry of entries) {
    if (entry.isDirectory) files.push(...(await walk(entry as FileSystemDirectoryEntry)));
    else files.push(await fileOf(entry as FileSystemFileEntry));
  }
  return files;
}

/** All entries of a folder: the browser hands them out in pieces, and an empty piece is the end. */
async function listing(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const piece = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (!piece.length) return all;
    all.push(...piece);
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}
