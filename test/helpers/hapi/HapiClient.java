/**
 * HAPI, the HL7 implementation of others, as a sender: it builds messages by its own model, validates, encodes, frames and sends them, and reads the
 * acknowledgements by its own model. Run from its source: `java -cp 'lib/*' HapiClient.java PORT`.
 *
 * Each line on stdin is a command of words between spaces; a word is URI-encoded:
 *   send ACKS PATH=VALUE ...   sends over MLLP, answers with each acknowledgement: MSA-1, MSA-2 and of each ERR its place, condition and severity
 *   encode PATH=VALUE ...      answers with the bytes in Base64
 * The first paths name the structure, `STRUCTURE=ADT_A01`, and segments that the structure does not have, `SEGMENT=ZBE`; the others are those of HAPI's Terser.
 * The first line is `ready`; an answer is one line: words, or `error` and why.
 */
import ca.uhn.hl7v2.DefaultHapiContext;
import ca.uhn.hl7v2.HapiContext;
import ca.uhn.hl7v2.app.Connection;
import ca.uhn.hl7v2.llp.ExtendedMinLowerLayerProtocol;
import ca.uhn.hl7v2.llp.HL7Reader;
import ca.uhn.hl7v2.llp.HL7Writer;
import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.parser.Parser;
import ca.uhn.hl7v2.util.Terser;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

public class HapiClient {
  public static void main(String[] args) throws Exception {
    int port = Integer.parseInt(args[0]);
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.US_ASCII);
    try (HapiContext context = new DefaultHapiContext()) {
      // The character set is the one that MSH-18 names.
      context.setLowerLayerProtocol(new ExtendedMinLowerLayerProtocol());
      Connection connection = context.newClient("127.0.0.1", port, false);
      connection.getInitiator().setTimeoutMillis(30_000);
      out.println("ready");
      for (String line = in.readLine(); line != null; line = in.readLine()) out.println(answer(context, connection, port, line));
      connection.close();
    }
    System.exit(0);
  }

  private static String answer(HapiContext context, Connection connection, int port, String line) {
    try {
      String[] words = line.split(" ");
      if (words[0].equals("encode")) {
        Message message = build(context, words, 1);
        ByteArrayOutputStream framed = new ByteArrayOutputStream();
        context.getLowerLayerProtocol().getWriter(framed).writeMessage(context.getPipeParser().encode(message));
        // Without VT before, and FS and CR after.
        return Base64.getEncoder().encodeToString(Arrays.copyOfRange(framed.toByteArray(), 1, framed.size() - 2));
      }
      int acks = Integer.parseInt(words[1]);
      Message message = build(context, words, 2);
      List<String> answers = new ArrayList<>();
      // HAPI's own connection waits for one acknowledgement.
      if (acks == 1) answers.add(said(connection.getInitiator().sendAndReceive(message)));
      else
        try (Socket socket = new Socket("127.0.0.1", port)) {
          HL7Writer writer = context.getLowerLayerProtocol().getWriter(socket.getOutputStream());
          HL7Reader reader = context.getLowerLayerProtocol().getReader(socket.getInputStream());
          Parser parser = context.getPipeParser();
          writer.writeMessage(parser.encode(message));
          // With the end of what is sent the gateway ends the connection, after its last acknowledgement.
          socket.shutdownOutput();
          while (true) answers.add(said(parser.parse(reader.getMessage())));
        } catch (SocketException ended) {
          // HAPI's way to say that nothing comes any more; what is missing is missing among the answers.
        }
      return String.join(" ", answers);
    } catch (Exception error) {
      return "error " + encoded(error.toString());
    }
  }

  private static Message build(HapiContext context, String[] words, int from) throws Exception {
    Message message = null;
    Terser terser = null;
    for (int at = from; at < words.length; at++) {
      int equals = words[at].indexOf('=');
      String path = decoded(words[at].substring(0, equals));
      String value = decoded(words[at].substring(equals + 1));
      if (path.equals("STRUCTURE")) {
        String type = "ca.uhn.hl7v2.model.v25.message." + value;
        message = context.newMessage(Class.forName(type).asSubclass(Message.class));
        terser = new Terser(message);
        terser.set("/MSH-1", "|");
        terser.set("/MSH-2", "^~\\&");
      } else if (path.equals("SEGMENT")) message.addNonstandardSegment(value);
      else terser.set(path, value);
    }
    return message;
  }

  private static String said(Message acknowledgement) throws Exception {
    Terser terser = new Terser(acknowledgement);
    StringBuilder text = new StringBuilder(terser.get("/MSA-1") + "," + encoded(terser.get("/MSA-2")));
    for (int i = 0; terser.get("/ERR(" + i + ")-3-1") != null; i++) {
      String[] place = new String[5];
      for (int component = 1; component <= 5; component++) {
        String part = terser.get("/ERR(" + i + ")-2-" + component);
        place[component - 1] = part == null ? "" : part;
      }
      text.append(",").append(encoded(String.join(".", place) + " " + terser.get("/ERR(" + i + ")-3-1") + " " + terser.get("/ERR(" + i + ")-4")));
    }
    return text.toString();
  }

  private static String decoded(String word) {
    return URLDecoder.decode(word, StandardCharsets.UTF_8);
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
