/**
 * What anywidget carries for every canvas: it draws the static picture, finds the bundle (on the page's own server, else
 * from the kernel, once a page) and hands the element over. Kept tiny, because its text is part of each widget's state.
 */

interface Model {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  on(event: string, callback: (...args: never[]) => void): void;
  off(event: string, callback: (...args: never[]) => void): void;
  send(content: unknown): void;
}

interface Bundle {
  mountCanvas(element: HTMLElement, options: Record<string, unknown>): () => void;
}

interface Shared {
  bundle?: Promise<Bundle> | undefined;
}

const KERNEL_MS = 20_000;

function shared(): Shared {
  const page = globalThis as unknown as Record<symbol, Shared | undefined>;
  return (page[Symbol.for("workbench")] ??= {});
}

function fetchBundle(model: Model): Promise<Bundle> {
  const page = shared();
  page.bundle ??= fromServer(model)
    .catch(() => fromKernel(model))
    .catch((problem: unknown) => {
      page.bundle = undefined;
      throw problem;
    });
  return page.bundle;
}

/** The bundle by the name that the kernel's install knows it by; the server's is the same, or it has none of that name. */
function fromServer(model: Model): Promise<Bundle> {
  const root = String(model.get("api") || apiRoot());
  const url = new URL(`${root}/static/${String(model.get("bundle"))}`, location.href).href;
  return import(/* @vite-ignore */ url) as Promise<Bundle>;
}

function apiRoot(): string {
  let base = "/";
  try {
    base = (JSON.parse(document.getElementById("jupyter-config-data")?.textContent ?? "{}") as { baseUrl?: string }).baseUrl ?? "/";
  } catch {
    // A page without JupyterLab's settings: the server's root is the best guess.
  }
  return `${base.replace(/\/$/, "")}/api/v1/workflow`;
}

function fromKernel(model: Model): Promise<Bundle> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => end(() => reject(new Error("neither the server nor the kernel has the canvas"))), KERNEL_MS);
    const onMessage = (content: { kind?: string }, buffers: DataView[]) => {
      if (content.kind !== "bundle" || !buffers[0]) return;
      const url = URL.createObjectURL(new Blob([buffers[0] as BlobPart], { type: "text/javascript" }));
      end(() => resolve(import(/* @vite-ignore */ url) as Promise<Bundle>));
    };
    const end = (then: () => void) => {
      clearTimeout(timer);
      model.off("msg:custom", onMessage as never);
      then();
    };
    model.on("msg:custom", onMessage as never);
    model.send({ kind: "bundle" });
  });
}

/** The picture stands as an image: nothing in it can run, and it is there before the bundle is. */
function picture(model: Model): HTMLElement {
  const image = document.createElement("img");
  image.alt = "The function as it was when this cell ran";
  image.style.maxWidth = "100%";
  const svg = String(model.get("svg") || "");
  if (svg) image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  return image;
}

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const still = picture(model);
  const home = document.createElement("div");
  el.append(still, home);
  let unmount: (() => void) | null = null;
  let left = false;
  fetchBundle(model).then(
    (bundle) => {
      if (left) return;
      still.remove();
      unmount = bundle.mountCanvas(home, {
        functionId: model.get("function_id"),
        height: model.get("height"),
        api: model.get("api") || undefined,
        channel: model,
        onHeight: (height: number) => {
          model.set("height", height);
          model.save_changes();
        },
      });
    },
    (problem: unknown) => {
      home.textContent = `The live canvas could not be loaded (${problem instanceof Error ? problem.message : String(problem)}). Run the cell again.`;
    },
  );
  return () => {
    left = true;
    unmount?.();
  };
}

export default { render };
