//! Server addresses without credentials and parameters.

/// Returns a URL without credentials, parameters, a trailing slash or the default port; scheme and host in lower
/// case.
pub(super) fn without_credentials(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let path = path.trim_end_matches('/');
    if scheme.is_empty() {
        return format!("{host}{path}");
    }
    let (scheme, host) = (scheme.to_ascii_lowercase(), host.to_ascii_lowercase());
    let default_port = match scheme.as_str() {
        "http" => ":80",
        "https" => ":443",
        _ => "",
    };
    format!("{scheme}://{}{path}", host.strip_suffix(default_port).unwrap_or(&host))
}

/// Returns host, port and database of a PostgreSQL connection string, be it a URL or pairs:
/// `"localhost:5432/states"`.
///
/// Source: <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING>
pub(super) fn postgres_database(connection: &str) -> String {
    let (mut host, mut port, mut database) = (String::new(), String::new(), String::new());
    let mut set = |key: &str, value: &str| match key {
        "host" | "hostaddr" => value.clone_into(&mut host),
        "port" => value.clone_into(&mut port),
        "dbname" => value.clone_into(&mut database),
        _ => {}
    };
    if let Some((_, rest)) = connection.split_once("://") {
        let (location, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = location.split_once('/').unwrap_or((location, ""));
        let server = authority.rsplit_once('@').map_or(authority, |(_, server)| server);
        let port_at =
            server.rfind(':').filter(|at| server[*at..].bytes().skip(1).all(|b| b.is_ascii_digit()));
        let (name, number) = port_at.map_or((server, ""), |at| (&server[..at], &server[at + 1..]));
        set("host", name);
        set("port", number);
        set("dbname", path);
        for (key, value) in parameters.split('&').filter_map(|pair| pair.split_once('=')) {
            set(key, value);
        }
    } else {
        for (key, value) in connection.split_whitespace().filter_map(|pair| pair.split_once('=')) {
            set(key, value.trim_matches('\''));
        }
    }
    let or = |value: String, default: &str| if value.is_empty() { default.to_owned() } else { value };
    format!("{}:{}/{}", or(host, "localhost"), or(port, "5432"), database)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_connection_string_are_one_address() {
        let address = "db.example:5432/states";
        assert_eq!(postgres_database("postgres://me:secret@db.example/states?sslmode=disable"), address);
        assert_eq!(postgres_database("host=db.example user=me password=secret dbname='states'"), address);
        assert_eq!(postgres_database("postgres:///states?host=/run/pg&port=5433"), "/run/pg:5433/states");
    }

    #[test]
    fn case_and_default_port_make_no_other_server() {
        for spelling in ["HTTP://Host/State", "http://host:80/State/", "http://u:p@HOST:80/State?x"] {
            assert_eq!(without_credentials(spelling), "http://host/State", "{spelling}");
        }
        assert_eq!(without_credentials("https://h:443/s"), "https://h/s");
        for other in ["http://host:443/State", "https://host:80/State", "http://host:8080/state"] {
            assert_eq!(without_credentials(other), other);
        }
    }

    #[test]
    fn credentials_are_not_shown() {
        assert_eq!(
            without_credentials("https://me:secret@example.com:8080/state/?token=x"),
            "https://example.com:8080/state"
        );
    }
}
