"""A stand-in for curl on machines that have none: the few options that the guides use, so that their commands run."""

import argparse
import sys
from pathlib import Path

import httpx

HTTP_REFUSED, TIMED_OUT = 22, 28  # curl's own exit codes


def main() -> int:
    options = arguments()
    headers = dict(line.split(": ", 1) for line in options.header)
    method = options.request or ("HEAD" if options.head else "POST" if options.data or options.form else "GET")
    fields = dict(field.split("=", 1) for field in options.form)
    files = {name: Path(value[1:]) for name, value in fields.items() if value.startswith("@")}
    limit = httpx.Timeout(options.max_time or 120)
    with (
        httpx.Client(timeout=limit) as client,
        client.stream(
            method,
            options.url,
            headers=headers,
            content=body_of(options),
            data={name: value for name, value in fields.items() if name not in files},
            files={name: (path.name, path.read_bytes()) for name, path in files.items()},
        ) as answer,
    ):
        return show(answer, options)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="curl")
    for flag in ("-s", "-S", "-N"):
        parser.add_argument(flag, action="store_true")
    parser.add_argument("-f", dest="fail", action="store_true")
    parser.add_argument("-i", dest="include", action="store_true")
    parser.add_argument("-I", dest="head", action="store_true")
    parser.add_argument("-X", dest="request")
    parser.add_argument("-o", dest="output")
    parser.add_argument("-H", dest="header", action="append", default=[])
    parser.add_argument("-F", dest="form", action="append", default=[])
    parser.add_argument("-d", "--data-binary", dest="data")
    parser.add_argument("--max-time", type=float)
    parser.add_argument("url")
    return parser.parse_args()


def body_of(options: argparse.Namespace) -> bytes | None:
    if options.data is None:
        return None
    text = str(options.data)
    return Path(text[1:]).read_bytes() if text.startswith("@") else text.encode()


def show(answer: httpx.Response, options: argparse.Namespace) -> int:
    if options.fail and answer.is_error:
        sys.stderr.write(f"curl: (22) The requested URL returned error: {answer.status_code}\n")
        return HTTP_REFUSED
    with Path(options.output or "/dev/stdout").open("wb") as output:
        if options.include or options.head:
            head = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
            output.write(f"HTTP/1.1 {answer.status_code}\r\n{head}\r\n".encode())
        try:
            for piece in answer.iter_raw():
                output.write(piece)
                output.flush()
        except httpx.ReadTimeout:
            return TIMED_OUT
    return 0


if __name__ == "__main__":
    sys.exit(main())
